"""Verification: cases, documents, checks, the policy and the reviewers' console."""
