"""Handles clean uploads: early reading, reuse in a later case, clients' letters."""
