"""Checks photographs before they are read: blur, glare, cut edges, size."""
