"""Reads pictures of papers: a picture in, what it says out.

Knows neither Django nor the database.
"""
