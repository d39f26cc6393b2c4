"""Pages and texts that every API answer shares."""
