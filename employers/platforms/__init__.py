"""Recruitment sites that ask us: their keys, limits, members and webhooks."""
