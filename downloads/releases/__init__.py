"""Releases resumes: spends a pass, makes a copy, and delivers it."""
