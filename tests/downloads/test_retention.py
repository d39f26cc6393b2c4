"""Tests of retention: decisions are kept as long as the law requires, and no longer than
configured.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from downloads import retention
from downloads.models import Contact, Copy, CopyLink, CopyState, GateDecision, PassUse
from tests.databases import unguarded
from tests.events.db.test_guards import copy as a_copy

pytestmark = pytest.mark.django_db


def answered(at: datetime) -> GateDecision:
    answer = GateDecision.objects.create(
        client_id=uuid4(),
        employer_id=uuid4(),
        member_id=uuid4(),
        candidate="c",
        allowed=True,
        tier="held",
        ladder_version="x",
        decided_at=at,
    )
    PassUse.objects.create(decision_id=answer.pk, used_at=at, tier="held")
    Contact.objects.create(decision_id=answer.pk, client_id=answer.client_id, uscc="x", at=at)
    return answer


def test_what_the_law_keeps_stays_whatever_is_set(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    kept = [answered(now - timedelta(days=days)) for days in (0, 365, retention.LEAST_DAYS)]
    old = [answered(now - timedelta(days=retention.LEAST_DAYS, seconds=n + 1)) for n in range(5)]
    assert retention.delete_old_rows(now, keep_days=1) == len(old)
    for model in (GateDecision, PassUse, Contact):
        assert model.objects.count() == len(kept)
    assert retention.delete_old_rows(now, keep_days=1) == 0


def test_a_deployment_may_keep_them_longer(now: datetime) -> None:
    answered(now - timedelta(days=2000))
    assert retention.delete_old_rows(now, keep_days=3000) == 0
    assert retention.delete_old_rows(now, keep_days=1999) == 1


def test_a_copy_stays_as_long_as_its_youngest_link(now: datetime) -> None:
    old = now - timedelta(days=retention.LEAST_DAYS + 30)
    copies = [a_copy(old), a_copy(old)]
    for copy, days in zip(copies, (0, 60), strict=True):
        made_at = old + timedelta(days=days)
        CopyLink.objects.create(of=copy, made_at=made_at, expires_at=made_at)
    Copy.objects.update(state=CopyState.FAILED, why="x", finished_at=old)
    retention.retire_copies(now, keep_clean_days=1)
    assert list(Copy.objects.all()) == copies[1:]
    with unguarded(CopyLink):
        CopyLink.objects.update(made_at=old)
    retention.retire_copies(now, keep_clean_days=1)
    assert not Copy.objects.exists() and not CopyLink.objects.exists()
