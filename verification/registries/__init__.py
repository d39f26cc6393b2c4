"""What does the company register say? Registers behind one protocol."""
