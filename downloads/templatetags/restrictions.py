"""Template tags for the number of waiting appeals against restrictions, shown on console pages."""

from __future__ import annotations

from django import template

from downloads.admin.appeals import waiting_lately
from downloads.tiers.appeals import Waiting

register = template.Library()


@register.simple_tag
def appeals_waiting() -> Waiting:
    """Return how many appeals wait for an answer, and how many of them are late."""
    return waiting_lately()
