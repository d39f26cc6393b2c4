"""The gate: decides whether a download is allowed."""
