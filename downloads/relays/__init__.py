"""Relay numbers: bindings, the members who may call, and call records."""
