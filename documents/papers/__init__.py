"""Readers of the other documents: authorisation letters and human resources service licences."""
