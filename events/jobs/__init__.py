"""Rows that wait for a worker, and the lease that a worker holds them by."""
