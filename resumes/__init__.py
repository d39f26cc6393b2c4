"""Redacts, marks and traces resumes.

A resume goes in and a marked copy comes out; a leak goes in and its release comes out. Uses neither
Django nor the database.
"""
