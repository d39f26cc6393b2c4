"""Rows that wait for a worker, and the leases by which workers claim them."""
