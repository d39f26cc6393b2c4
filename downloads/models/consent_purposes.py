"""For what, how, and with which of their data does a candidate's resume go to a company?

The few words that a consent is made of.

Codes, not sentences of whoever asks: a stranger's own words in a mail to a candidate would be a way
to defraud them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from employers.models import AccountClass


class Purpose(models.TextChoices):
    """What the receiver may do with it, and nothing else."""

    HIRING = "hiring", _("to consider you for a post of their own")
    FOR_CLIENT = "for_client", _("to propose you to a company that they recruit for")


class Method(models.TextChoices):
    """How it gets there."""

    MARKED_COPY = "marked_copy", _("a copy that is marked with the receiver's name")


class Kind(models.TextChoices):
    """What of a candidate's data goes along."""

    RESUME = "resume", _("resume")
    RELAY_NUMBER = "relay_number", _("a relay number in place of your own")
    PHONE = "phone", _("your phone number")
    EMAIL = "email", _("your e-mail address")


OWN_CONTACT: Final = frozenset({Kind.PHONE, Kind.EMAIL})
"""What goes only where the candidate has consented to it."""
USUAL: Final = (Kind.RESUME, Kind.RELAY_NUMBER)


def purpose_of(account_class: str) -> Purpose:
    """For what an employer of this class takes resumes."""
    return Purpose.FOR_CLIENT if account_class == AccountClass.COMMERCIAL_AGENCY else Purpose.HIRING


def in_words(kinds: Iterable[str]) -> list[Any]:
    """The kinds as people read them, in the order of `Kind`."""
    given = set(kinds)
    return [kind.label for kind in Kind if kind in given]
