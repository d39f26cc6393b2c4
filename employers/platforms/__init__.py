"""Recruitment sites that use the API: their keys, limits, members and webhooks."""
