"""The HTTP API of verification."""
