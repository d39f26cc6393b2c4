"""Redacts, marks and traces resumes: a resume in, a marked copy out; a leak in, its release out.

Knows neither Django nor the database.
"""
