"""Relay numbers: bindings, who may call, the records of calls."""
