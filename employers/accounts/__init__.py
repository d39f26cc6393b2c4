"""Employers' accounts: registration, sign-in, invitations, onboarding by a platform."""
