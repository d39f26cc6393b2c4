"""Test mode for relay numbers and candidates."""
