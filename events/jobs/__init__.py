"""Rows that wait for a worker, and the leases that workers hold on them."""
