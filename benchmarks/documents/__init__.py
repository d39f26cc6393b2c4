"""Licences and papers: how well and how fast they are read, and which forgeries are caught."""
