"""Judges a photograph before it is read: blur, glare, cut edges, size."""
