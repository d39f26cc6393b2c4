"""How does every page of the console say that appeals against restrictions wait?"""

from __future__ import annotations

from django import template

from downloads.admin.appeals import waiting_lately
from downloads.tiers.appeals import Waiting

register = template.Library()


@register.simple_tag
def appeals_waiting() -> Waiting:
    """How many wait for an answer, and how many of them are late."""
    return waiting_lately()
