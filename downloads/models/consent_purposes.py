"""The purposes, methods and kinds of data of a consent.

They are codes, not free text: a stranger's own words in a mail to a candidate could be used to
defraud them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from employers.models import AccountClass


class Purpose(models.TextChoices):
    """The only purpose for which the receiver may use the resume."""

    HIRING = "hiring", _("to consider you for a post of their own")
    FOR_CLIENT = "for_client", _("to propose you to a company that they recruit for")


class Method(models.TextChoices):
    """How the resume reaches the receiver."""

    MARKED_COPY = "marked_copy", _("a copy that is marked with the receiver's name")


class Kind(models.TextChoices):
    """The kinds of a candidate's data that are released."""

    RESUME = "resume", _("resume")
    RELAY_NUMBER = "relay_number", _("a relay number in place of your own")
    PHONE = "phone", _("your phone number")
    EMAIL = "email", _("your email address")


OWN_CONTACT: Final = frozenset({Kind.PHONE, Kind.EMAIL})
"""Kinds that are released only with the candidate's consent."""
USUAL: Final = (Kind.RESUME, Kind.RELAY_NUMBER)


def purpose_of(account_class: str) -> Purpose:
    """Return the purpose for which an employer of this class takes resumes."""
    return Purpose.FOR_CLIENT if account_class == AccountClass.COMMERCIAL_AGENCY else Purpose.HIRING


def in_words(kinds: Iterable[str]) -> list[Any]:
    """Return the labels of the kinds, in the order of `Kind`."""
    given = set(kinds)
    return [kind.label for kind in Kind if kind in given]
