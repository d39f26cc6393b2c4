"""Proofs that a recruiter may act for the company, and the polling of their providers."""
