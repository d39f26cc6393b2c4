"""The web pages of downloads."""
