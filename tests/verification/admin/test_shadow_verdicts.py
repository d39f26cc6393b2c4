"""Tests of the read-only list of shadow verdicts."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import make_case, make_member, make_reviewer
from verification.models import Attempt, ShadowVerdict

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client, now: datetime) -> Client:
    client.force_login(make_reviewer(now))
    return client


def verdict(now: datetime, outcome: str, live: str, reasons: list[str]) -> ShadowVerdict:
    attempt = Attempt.objects.create(
        case=make_case(make_member(now), now), number=1, submitted_at=now, due_at=now
    )
    return ShadowVerdict.objects.create(
        attempt=attempt,
        policy_version="t",
        outcome=outcome,
        live_outcome=live,
        reasons=reasons,
        at=now,
    )


def test_only_where_it_disagrees(staff: Client, now: datetime) -> None:
    differs = verdict(now, "review", "approve", ["name_mismatch"])
    same = verdict(now, "approve", "approve", [])
    page = reverse("admin:verification_shadowverdict_changelist")
    everything = staff.get(page).content.decode()
    assert str(differs.attempt) in everything and str(same.attempt) in everything
    some = staff.get(page, {"differs": "1"}).content.decode()
    assert str(differs.attempt) in some and str(same.attempt) not in some
    assert str(same.attempt) in staff.get(page, {"differs": "0"}).content.decode()


def test_nobody_changes_it(staff: Client, now: datetime) -> None:
    row = verdict(now, "review", "approve", [])
    assert staff.get(reverse("admin:verification_shadowverdict_add")).status_code == 403
    change = reverse("admin:verification_shadowverdict_change", args=[row.pk])
    assert staff.get(change).status_code == 200
    assert staff.post(change, {"outcome": "approve"}).status_code == 403
