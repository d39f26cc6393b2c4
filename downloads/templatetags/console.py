"""Template tags for the parts that pages of the console share: navigation and start page."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context

from downloads.admin.console import navigation, start
from employers.models import User

register = template.Library()


@register.simple_tag(takes_context=True)
def console_areas(context: Context) -> list[navigation.Area]:
    """Return the navigation of this page; empty for whoever is not signed in."""
    request: Any = context.get("request")
    if not context.get("has_permission") or not isinstance(request.user, User):
        return []
    return navigation.console_areas(context.get("available_apps") or (), request.user, request.path)


@register.simple_tag
def start_tasks(user: User) -> list[start.Task]:
    """Return what waits for the user."""
    return start.staff_tasks(user)


@register.simple_tag
def holidays_missing(user: User) -> int | None:
    """Return the year whose holidays are not set, for those who can set them."""
    return start.year_without_holidays(user)


@register.simple_tag
def active_filters(cl: Any) -> list[dict[str, str]]:
    """Return the filters that narrow a list, each with the address of the list without it."""
    asked = cl.filter_params
    found = []
    for spec in cl.filter_specs:
        names = [name for name in spec.expected_parameters() if name in asked]
        chosen = next((each for each in spec.choices(cl) if each["selected"]), None)
        if names and chosen:
            found.append(
                {
                    "title": str(spec.title),
                    "value": str(chosen["display"]),
                    "without": cl.get_query_string(remove=names),
                }
            )
    return found
