"""The running service: gate, console, decisions, imports and webhooks."""
