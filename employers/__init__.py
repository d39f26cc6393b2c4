"""Employers, their members, and the platforms with their API clients."""
