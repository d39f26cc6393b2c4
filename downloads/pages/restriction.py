"""The employer's page about a restriction, with the owner's appeal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from downloads.rules.ladder import STEP_UP, Tier
from downloads.tiers import appeals, wording
from employers.accounts.forms import RefusableForm, refusal_html
from employers.accounts.views import member_required
from employers.clock import now_of
from employers.models import Member
from events.core.actor import Role
from events.core.errors import Refused
from verification.authority import proofs
from verification.cases.wording import WAYS
from verification.models import ProofKind
from verification.pages.requirement_rows import PAGE_OF
from verification.pages.views.proofs import ANEW
from verification.rules.required_documents import HOW


class AppealForm(RefusableForm):
    """An owner's statement, and the change that it is against."""

    words = forms.CharField(
        label=_("What should the reviewer know?"),
        max_length=appeals.WORDS_AT_MOST,
        help_text=_(
            "For example: which roles you are hiring for, why you downloaded so many"
            " resumes or at that time, and which colleague did it."
        ),
        widget=forms.Textarea(attrs={"rows": 7}),
    )
    move = forms.IntegerField(widget=forms.HiddenInput)


@member_required
def restriction(request: HttpRequest, member: Member) -> HttpResponse:
    """Show the evidence, the period, what lifts the restriction, and the appeal or its form."""
    now = now_of(member.employer)
    found = appeals.restriction_of(member.employer_id, now)
    if found is None:
        if request.method == "POST":
            messages.error(request, refusal_html(Refused("restriction_none")))
        return redirect("verification:home")
    form = AppealForm(request.POST or None, initial={"move": found.move.pk})
    if request.method == "POST" and form.is_valid():
        try:
            appeals.appeal_tier_change(
                member, form.cleaned_data["move"], form.cleaned_data["words"], now
            )
        except Refused as refused:
            # The page itself shows the current state.
            if refused.code != "words_missing":
                messages.error(request, refusal_html(refused))
                return redirect("downloads:restriction")
            form.refuse(refused)
        else:
            messages.success(request, gettext("Sent. A reviewer will read it. We'll let you know."))
            return redirect("downloads:restriction")
    return render(
        request,
        "downloads/restriction.html",
        _page(member, found, form, now),
        status=422 if form.errors else 200,
    )


def _page(
    member: Member, found: appeals.Restriction, form: AppealForm, now: datetime
) -> dict[str, Any]:
    return {
        "member": member,
        "title": wording.restriction_title(found.override),
        "override": found.override,
        "step_up": found.override.reason == STEP_UP,
        "smaller": found.override.tier == Tier.PROVISIONAL,
        "by_people": found.move.role == Role.REVIEWER,
        "seen": wording.evidence_sentences(found.move),
        "ways": _ways(member) if found.override.reason == STEP_UP else [],
        "open_appeal": found.open_appeal,
        "upheld": found.upheld,
        "late": found.open_appeal is not None and found.open_appeal.due_at <= now,
        "form": form,
        "refused": appeals.may_appeal(member, found, now),
        "again_at": appeals.again_at(member.employer, found, now),
        "again_days": appeals.AGAIN_AFTER.days,
        "overtaken": appeals.overtaken_before(found),
    }


def _ways(member: Member) -> list[dict[str, Any]]:
    """Return the ways to prove authority again, even if a proof is in force."""
    offered = proofs.offered_kinds(member.employer.uscc, test=member.employer.test)
    return [
        {"name": WAYS[kind], "how": HOW[kind], "href": f"{reverse(PAGE_OF[kind])}?{ANEW}=1"}
        for kind in ProofKind
        if kind in PAGE_OF and kind in offered
    ]


def restriction_notice(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the restriction of the signed-in member's employer.

    The database is queried only if a page shows it.
    """

    def load() -> dict[str, Any] | None:
        member = getattr(request, "member", None)
        found = (
            appeals.restriction_of(member.employer_id, now_of(member.employer)) if member else None
        )
        if found is None:
            return None
        return {
            "title": wording.restriction_title(found.override),
            "appealed": found.open_appeal is not None,
            "step_up": found.override.reason == STEP_UP,
            "rests": found.override.tier == Tier.RESTRICTED,
        }

    return {"restriction_notice": SimpleLazyObject(load)}
