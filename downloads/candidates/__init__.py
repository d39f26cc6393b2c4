"""Candidates' control over their resumes: consent, blocking, erasure, misuse reports and
notices.
"""
