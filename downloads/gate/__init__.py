"""Answers whether a download is allowed."""
