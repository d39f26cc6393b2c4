"""The pages on which an employer lists and answers its erase orders."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_GET, require_POST

from downloads.candidates import erasure
from downloads.models import EraseOrder
from employers.accounts.views import proven_member_required
from employers.clock import now_of
from employers.models import Member
from events.core.errors import Refused

SHOWN = 100


def owed_erasures(request: HttpRequest) -> dict[str, Any]:
    """Context processor: how many erase orders the signed-in member's employer has open, and
    whether one is overdue; None for no orders.

    The database is queried only if a page shows it.
    """

    def load() -> dict[str, Any] | None:
        member = getattr(request, "member", None)
        due = (
            list(
                erasure.erase_orders_of(member.employer)
                .open()
                .order_by("due_at")
                .values_list("due_at", flat=True)[:SHOWN]
            )
            if member
            else []
        )
        return (
            {"many": len(due), "overdue": due[0] <= now_of(member.employer)}
            if member and due
            else None
        )

    return {"owed_erasures": SimpleLazyObject(load)}


@require_GET
@proven_member_required
def orders(request: HttpRequest, member: Member) -> HttpResponse:
    rows = erasure.erase_orders_of(member.employer)
    context = {
        "owed": rows.open().order_by("due_at")[:SHOWN],
        "settled": rows.filter(answered_at__isnull=False).order_by("-answered_at")[:SHOWN],
        "company": member.employer.name,
        "now": timezone.now(),
    }
    return render(request, "erasures/list.html", context)


@require_POST
@proven_member_required
def answer(request: HttpRequest, member: Member, order_id: UUID) -> HttpResponse:
    result = (
        EraseOrder.Answer.ERASED
        if request.POST.get("answer") == "erased"
        else EraseOrder.Answer.KEPT
    )
    try:
        erasure.answer_erase_order(
            order_id,
            erasure.erase_orders_of(member.employer),
            result,
            request.POST.get("why", "")[:500],
            member,
            member.as_actor(),
            timezone.now(),
        )
    except Refused as refused:
        reason = refused.reason
        messages.error(request, reason.says.en if get_language() == "en" else reason.says.zh)
    else:
        messages.success(request, gettext("Your answer is recorded, and the candidate can see it."))
    return redirect("erasures:list")
