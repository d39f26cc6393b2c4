"""Masks email addresses and numbers, so that they can be recognised but not used."""

from __future__ import annotations


def mask_email(email: str) -> str:
    """Return the address with its name hidden: `m***@example.com`."""
    name, at, domain = email.partition("@")
    return f"{name[:1]}***{at}{domain}" if email else ""


def masked_phone(phone: str) -> str:
    """Return a number that can be recognised but not called: `+86 138****5678`."""
    return f"{phone[:3]} {phone[3:6]}****{phone[-4:]}" if phone else ""
