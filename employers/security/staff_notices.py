"""Mails about changes of staff accounts: to the person and to the superusers.

Nobody gets more power, and nobody loses a factor, without the others being told.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse

from employers.models import User
from events.delivery.mail import queue_mail


def notify_of_staff_change(
    user: User, what: str, by: User | None, now: datetime, *, to_user: bool = True, **more: Any
) -> None:
    """Mail the person and the superusers, except the one who did it, that `by` did `what`.

    `by` is None for a command on the server. `what` is a case of the template
    `_staff_changed.txt`, and `more` are its variables.
    """
    context = {"what": what, "who": user.email, "by": by.email if by else "", **more}
    page = reverse("admin:employers_user_change", args=[user.pk])
    others = User.objects.superusers().exclude(pk__in=[user.pk, *([by.pk] if by else [])])
    for each in others:
        queue_mail(each.email, "staff_changed", each.language, context | {"path": page}, now)
    if to_user:
        own = context | {"path": reverse("admin:index")}
        queue_mail(user.email, "staff_changed", user.language, own, now)


def tell_superusers(what: str, by: User, now: datetime, **more: Any) -> None:
    """Mail the superusers, except `by`, that `by` did `what` to a group."""
    context = {"what": what, "who": "", "by": by.email, "path": reverse("admin:index"), **more}
    for each in User.objects.superusers().exclude(pk=by.pk):
        queue_mail(each.email, "staff_changed", each.language, context, now)
