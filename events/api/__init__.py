"""Pagination and texts that all API answers share."""
