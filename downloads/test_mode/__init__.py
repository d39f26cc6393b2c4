"""How a platform's test plays relays and candidates."""
