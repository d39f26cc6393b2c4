"""Measures reviewers' decisions: golden cases, their assignment, and quality figures."""
