"""Locks and indexes of the database, built beside the work."""
