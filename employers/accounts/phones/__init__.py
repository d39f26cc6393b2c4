"""Phone numbers that accounts have proven, and that they sign in with."""
