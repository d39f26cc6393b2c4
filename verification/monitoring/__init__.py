"""Monitors approved cases: expiry, conditions and the company register."""
