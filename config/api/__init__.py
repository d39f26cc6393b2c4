"""The HTTP API: its routes, its document, request handling, and its problems."""
