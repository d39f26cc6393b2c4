"""Template tag for the number of open appeals, shown on every page of the console."""

from __future__ import annotations

from django import template

from downloads.admin.appeals import waiting_lately
from downloads.tiers.appeals import Waiting

register = template.Library()


@register.simple_tag
def appeals_waiting() -> Waiting:
    """Return how many appeals are open, and how many of them are late."""
    return waiting_lately()
