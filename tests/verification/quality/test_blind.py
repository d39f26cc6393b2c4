"""Tests that a second reviewer cannot learn the first one's ruling.

Every page is compared between cases that differ only in that ruling.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from employers.models import User
from events.models import Event
from tests.browser import cases
from tests.factories import make_colleague
from tests.verification.quality.golden import told
from verification.models import Case, ReviewDraft, ReviewStage, Ruling, RulingOutcome, SecondReview
from verification.reviewing import claims, rulings

pytestmark = pytest.mark.django_db
SECRET = "这家公司我认识"
PAGES = 9
"""The pages of `walked` that everybody may open. Only leads open single events."""


@pytest.fixture
def now() -> datetime:
    return datetime.now().astimezone()


@pytest.mark.parametrize("group", ["Seniors", "Leads"])
@pytest.mark.sampled(1)
def test_whatever_the_first_ruled_the_second_sees_the_same(
    group: str, now: datetime, client: Client
) -> None:
    first, second = make_colleague(now, "Reviewers"), make_colleague(now, group)
    client.force_login(second)
    seen: list[list[Any]] = []
    for verb, codes in (
        ("approve", ()),
        ("reject", ("name_mismatch", "uscc_invalid")),
        ("request_changes", ("name_mismatch",)),
    ):
        with transaction.atomic():
            case = cases.waiting(now - timedelta(hours=1), 3, 1)
            Case.objects.filter(pk=case.pk).update(
                review_since=now - timedelta(hours=2), second_review=SecondReview.SAMPLE
            )
            filed(case, first, now - timedelta(minutes=9), verb, codes)
            seen.append([told(case, response) for response in walked(case, client)])
            transaction.set_rollback(True)
    for others in seen[1:]:
        for number, (one, other) in enumerate(zip(seen[0], others, strict=True)):
            assert one[0] == other[0] == (200 if number < PAGES or group == "Leads" else 403)
            lines = zip(one[-1].splitlines(), other[-1].splitlines(), strict=True)
            assert [pair for pair in lines if pair[0] != pair[1]] == [], number
            assert SECRET not in one[-1]


def filed(case: Case, first: User, at: datetime, verb: str, codes: tuple[str, ...]) -> None:
    """The first reviewer has a draft, has ruled with a note, and still has the page open."""
    claims.claim_case(case.pk, first, at)
    claims.save_draft(case.pk, first, at, verb="reject", codes=["name_mismatch"], note=SECRET)
    ruling = rulings.rule_on_case(
        case.pk, verb, first, at, codes, SECRET, seen_version=case.version
    )
    assert rulings.carry_out(ruling.pk, at + timedelta(minutes=1)) == RulingOutcome.FILED
    ReviewDraft.objects.create(
        case=case, reviewer=first, verb=verb, reasons=list(codes), note=SECRET, at=at
    )
    claims.record_presence(case.pk, first, datetime.now().astimezone(), active=True)
    case.refresh_from_db()
    assert case.review_stage == ReviewStage.SECOND


def walked(case: Case, client: Client) -> list[Any]:
    page, queue = (
        reverse("admin:verification_case_change", args=[case.pk]),
        reverse("admin:verification_case_changelist"),
    )
    events = reverse("admin:events_event_changelist")

    def door(name: str, **sent: Any) -> Any:
        return client.post(reverse(f"admin:verification_case_{name}", args=[case.pk]), sent)

    return [
        client.get(page),
        client.get(queue),
        client.get(queue, {"q": case.declared_uscc}),
        client.get(events, {"q": str(case.pk)}),
        client.get(reverse("admin:verification_decision_changelist")),
        door("beat", active="1"),
        client.post(reverse("admin:verification_case_next"), follow=True),
        client.get(page),
        door("preview", verb="approve", seen_version=str(case.version)),
        *(
            client.get(reverse("admin:events_event_change", args=[pk]))
            for pk in Event.objects.filter(
                subject_id=str(case.pk), verb__in=("rule", "file_ruling")
            ).values_list("pk", flat=True)
        ),
    ]


def test_only_the_ruling_itself_knows(now: datetime) -> None:
    first = make_colleague(now, "Reviewers")
    case = cases.waiting(now, 3, 1)
    Case.objects.filter(pk=case.pk).update(second_review=SecondReview.SAMPLE)
    filed(case, first, now, "reject", ("name_mismatch",))
    ruling = Ruling.objects.get()
    for event in Event.objects.filter(subject_id=str(case.pk)):
        assert set(event.data) <= {"ruling"} and not event.reasons and not event.to_state
    assert (
        not case.notes.exists()
        and not case.decisions.exclude(verb="hold_for_review").exists()
        and ruling.note == SECRET
    )
