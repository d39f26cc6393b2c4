"""Tests of phone numbers that accounts have proven."""
