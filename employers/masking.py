"""Masks e-mail addresses, so that they can be recognised but not written to."""

from __future__ import annotations


def masked(email: str) -> str:
    """Return the address with its name hidden: `m***@example.com`."""
    name, at, domain = email.partition("@")
    return f"{name[:1]}***{at}{domain}" if email else ""
