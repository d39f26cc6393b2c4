"""Resumes: what redaction misses, and which leaks the marks can name."""
