"""What happens to an upload once it is clean: reading it early, reusing it, letters of clients."""
