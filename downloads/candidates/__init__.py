"""What candidates decide about their own resumes: consent, blocking, erasure, reports of misuse,
and what they are told.
"""
