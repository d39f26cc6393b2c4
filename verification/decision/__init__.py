"""From checks to a verdict, and what follows from it."""
