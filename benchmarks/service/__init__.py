"""Benchmarks of the running service: gate, console, decisions, imports and webhooks."""
