"""The address at which providers report what became of text messages."""
