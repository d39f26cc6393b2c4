"""Releases of resumes: a pass is spent, a copy is made and handed out."""
