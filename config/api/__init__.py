"""The HTTP API: its routes, its document, what each request passes, and its problems."""
