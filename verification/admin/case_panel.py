"""The page of a case around the case itself: claims, undo, notes, drafts and saved replies."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.utils.translation import override

from employers.models import User
from events.core.reasons import REASONS, Text
from verification.admin.case_content import in_words
from verification.admin.decision_form import NOTHING_TYPED, Typed
from verification.cases import guards, wording
from verification.models import (
    Case,
    CaseNote,
    NoteKind,
    Presence,
    ReviewDraft,
    ReviewStage,
    Ruling,
    RulingOutcome,
    SavedReply,
    TakeOver,
)
from verification.reviewing import claims, reply_templates
from verification.rules import required_documents, states

TELL_WITHIN: Final = timedelta(days=14)
"""A reviewer sees a decision that was not carried out if it was made within this time."""


# --- Claims ---------------------------------------------------------------------------------------


def claim_panel(case: Case, reviewer: User, now: datetime) -> dict[str, Any]:
    """Return the claim, who else has the case open, and who asks for it: what a heartbeat can
    change.
    """
    actor = reviewer.as_reviewer()
    waits = case.awaits_review()
    is_mine, taken = (
        case.claimed_by_me(actor.id, now),
        waits and case.claimed_by_other(actor.id, now),
    )
    under_way = (
        Ruling.objects.open().filter(case=case).select_related("by").first() if waits else None
    )
    refused = guards.may_claim(case, actor, now) if waits and not is_mine else None
    asked = (
        TakeOver.objects.filter(case=case, answered_at=None).select_related("asked_by").first()
        if waits
        else None
    )
    others = (
        Presence.objects.filter(case=case, seen_at__gt=now - claims.THERE_FOR)
        .exclude(user=reviewer)
        .order_by("user__email")
    )
    may_undo = (
        under_way is not None and under_way.due_at > now and guards.may_undo(under_way, actor)
    )
    shown = {
        "is_mine": is_mine,
        "taken": taken,
        "holder": case.claimed_by.email if taken and case.claimed_by else "",
        "may_claim": waits and refused is None and not is_mine,
        "cannot_claim": in_words(refused) if refused and not taken and not may_undo else "",
        "others": list(others.values_list("user__email", flat=True)),
        "asked_by": asked.asked_by.email if asked and is_mine else "",
        "i_asked": asked is not None and asked.asked_by_id == reviewer.pk,
        "may_ask": taken and asked is None and guards.may_ask_for(case, actor, now) is None,
        "undoable": under_way if may_undo else None,
    }
    seconds = (
        int((case.claimed_until - now).total_seconds()) if is_mine and case.claimed_until else 0
    )
    return {**shown, "aside_key": "|".join(map(str, shown.values())), "seconds_left": seconds}


# --- Undo, and decisions not carried out ----------------------------------------------------------


def undoable_decision(reviewer: User, now: datetime) -> dict[str, Any] | None:
    """Return the reviewer's last decision that can still be undone, and the seconds left."""
    ruling: Ruling | None = (
        Ruling.objects.open()
        .filter(by=reviewer, due_at__gt=now, bulk=None)
        .select_related("case")
        .order_by("-made_at")
        .first()
    )
    if ruling is None:
        return None
    words = wording.DECISIONS[ruling.verb].done % {"name": ruling.case.declared_name}
    return {
        "ruling": ruling,
        "words": words,
        "seconds": math.ceil((ruling.due_at - now).total_seconds()),
    }


def refused_rulings(reviewer: User, now: datetime) -> list[dict[str, Any]]:
    """Return the reviewer's decisions that were not carried out, each reported once.

    Their cases are back in the queue with a note.
    """
    untold = Ruling.objects.filter(
        by=reviewer, made_at__gt=now - TELL_WITHIN, outcome=RulingOutcome.REFUSED, told_at=None
    )
    told = list(untold.select_related("case"))
    if told:
        untold.filter(pk__in=[ruling.pk for ruling in told]).update(told_at=now)
    return [
        {
            "case": ruling.case,
            "verb": wording.HAPPENED_FOR_STAFF.get(ruling.verb, ruling.verb),
            "why": _why(ruling),
        }
        for ruling in told
    ]


def _why(ruling: Ruling) -> str:
    return str(wording.code_for_staff(ruling.refusal))


# --- Notes ----------------------------------------------------------------------------------------


_KINDS: Final = {
    NoteKind.HOLD: "hold",
    NoteKind.ESCALATE: "escalate",
    NoteKind.ASSIGN: "assign",
    NoteKind.RETURNED: "return_ruling",
}
"""The verb for each kind of note."""


def case_notes(case: Case) -> list[dict[str, Any]]:
    """Return the reviewers' notes on the case. They do not include rulings."""
    return [
        {
            "note": note,
            "words": wording.HAPPENED_FOR_STAFF[_KINDS[NoteKind(note.kind)]],
            "who": note.by.email if note.by else wording.ROLES["system"],
            "text": str(wording.code_for_staff(note.text)) if note.text in REASONS else note.text,
        }
        for note in CaseNote.objects.filter(case=case).select_related("by")
    ]


def is_blind(case: Case) -> bool:
    """Whether a colleague's ruling must stay hidden, because this is the second or third review."""
    return case.state in states.REVIEWABLE and case.review_stage != ReviewStage.FIRST


def draft_of(case: Case, reviewer: User) -> Typed:
    """Return the reviewer's draft for this case."""
    kept = (
        ReviewDraft.objects.filter(case=case, reviewer=reviewer).first()
        if case.awaits_review()
        else None
    )
    return Typed.kept(kept.verb, kept.reasons, kept.note, kept.about) if kept else NOTHING_TYPED


def save_draft(case_id: UUID, reviewer: User, typed: Typed, now: datetime) -> None:
    """Save what the reviewer typed. Raise Refused."""
    claims.save_draft(
        case_id,
        reviewer,
        now,
        verb=typed.verb,
        codes=typed.reasons,
        note=typed.note,
        about=typed.about,
    )


# --- Saved replies --------------------------------------------------------------------------------


def rendered_reply(code: str, verb: str, case: Case, typed: Typed) -> str:
    """Return a saved reply for this case in the employer's language. Raise Refused.

    {items} is replaced by the requirements that the ticked reasons concern.
    """
    reply = SavedReply.objects.get(code=code, verb=verb, retired_at=None)
    paper = required_documents.paper_of(case.account_class, case.declared_uscc)
    about = dict.fromkeys(
        required_documents.requirement_of(code, typed.about.get(code, ""), paper)
        for code in typed.reasons
    )
    items = [_in_both(item) for item in about if item != required_documents.SUBMISSION]
    values = reply_templates.Values(case.declared_name, case.declared_uscc, items)
    text = reply_templates.render_reply(Text(reply.text_zh, reply.text_en), values)
    return text.in_(case.submitted_by.language if case.submitted_by else "zh-hans")


def _in_both(item: str) -> Text:
    name = wording.REQUIREMENTS[item][0]
    said = {}
    for language in ("zh-hans", "en"):
        with override(language):
            said[language] = str(name)
    return Text(said["zh-hans"], said["en"])
