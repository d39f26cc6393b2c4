"""Tests of retention: decisions are kept as long as the law requires, and no longer than
configured.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from downloads import retention
from downloads.models import Contact, GateDecision, PassUse

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
    assert retention.retire(now, keep_days=1) == len(old)
    for model in (GateDecision, PassUse, Contact):
        assert model.objects.count() == len(kept)
    assert retention.retire(now, keep_days=1) == 0


def test_a_deployment_may_keep_them_longer(now: datetime) -> None:
    answered(now - timedelta(days=2000))
    assert retention.retire(now, keep_days=3000) == 0
    assert retention.retire(now, keep_days=1999) == 1
