"""Tests of ladder versions: two people change them, the gate applies them at once, and each
decision names its version.
"""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import pytest

from downloads.gate import ladder_versions
from downloads.models import GateDecision, LadderVersion
from downloads.rules.ladder import FIRST
from employers.models import Member
from events.core.errors import Refused
from events.models import Event
from tests.downloads.gate.test_quotas import approved, ask_all
from tests.downloads.releases.test_passes import a_pass, why_not
from tests.factories import make_colleague, make_reviewer


@pytest.fixture(autouse=True)
def _nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clear the cache: a version never changes, except in tests whose rows are rolled back."""
    monkeypatch.setattr(ladder_versions, "_last", {"": FIRST})


@pytest.fixture
def member(now: datetime, db: None) -> Member:
    return approved(now)


def changed(tier: str = "provisional", **changes: Any) -> dict[str, Any]:
    data = deepcopy(ladder_versions.as_data(FIRST))
    data["tiers"][tier] |= changes
    return data


def bring_in(now: datetime, data: dict[str, Any]) -> str:
    """Bring a ladder into force with two people; return its version."""
    row = ladder_versions.propose_ladder(data, "a new rule", make_colleague(now, "Leads"), now)
    ladder_versions.settle_ladder_version(row.pk, make_reviewer(now), now, activate=True)
    return row.version


def test_the_first_ladder_is_itself_as_data() -> None:
    again = ladder_versions.from_data("x", ladder_versions.as_data(FIRST))
    assert (again.rights, again.provisional_for, again.thresholds) == (
        FIRST.rights,
        FIRST.provisional_for,
        FIRST.thresholds,
    )


def test_the_gate_follows_at_once_and_names_the_version(member: Member, now: datetime) -> None:
    assert ask_all(member, ["a"], now) == [""]
    version = bring_in(now, changed(per_hour=2))
    assert version == "2026-11.2"
    assert ask_all(member, ["b", "c"], now) == ["", "quota_hour"]
    third = bring_in(now + timedelta(minutes=1), changed(per_hour=3))
    assert ask_all(member, ["c"], now) == [""]
    assert list(
        GateDecision.objects.order_by("candidate", "allowed").values_list(
            "ladder_version", flat=True
        )
    ) == [FIRST.version, version, version, third]
    assert ladder_versions.by_version(version).rights["provisional"].per_hour == 2, (
        "old versions are kept"
    )  # type: ignore[union-attr]


def test_a_pass_follows_too(member: Member, now: datetime) -> None:
    pass_ = a_pass(member, now)
    bring_in(now, changed(download=False))
    assert why_not(pass_, now) == "tier_without_downloads"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"download": False}, "tier_without_downloads"),
        ({"per_day": 0}, "quota_day"),
        ({"per_hour": 0}, "quota_hour"),
        ({"per_candidate": 0}, "quota_candidate"),
    ],
)
def test_nothing_is_nothing(
    changes: dict[str, Any], why: str, member: Member, now: datetime
) -> None:
    bring_in(now, changed(**changes))
    assert ask_all(member, ["a"], now) == [why]


def test_a_proposal_does_nothing_until_a_second_person(member: Member, now: datetime) -> None:
    lead = make_colleague(now, "Leads")
    row = ladder_versions.propose_ladder(changed(per_hour=0), "…", lead, now)
    assert ask_all(member, ["a"], now) == [""]
    for who, code in (
        (lead, "second_person_required"),
        (make_colleague(now, "Seniors"), "not_allowed"),
    ):
        with pytest.raises(Refused, match=code):
            ladder_versions.settle_ladder_version(row.pk, who, now, activate=True)
    ladder_versions.settle_ladder_version(row.pk, lead, now, activate=False)
    with pytest.raises(Refused, match="state_conflict"):
        ladder_versions.settle_ladder_version(row.pk, make_reviewer(now), now, activate=True)
    assert LadderVersion.objects.get().active_from is None
    assert list(
        Event.objects.filter(subject_type="ladderversion").values_list("verb", flat=True)
    ) == ["propose_ladder", "drop_ladder"]


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        {},
        changed(per_hour=-1),
        changed(per_hour=True),
        changed(per_day="200"),
        changed(download=1),
        changed(obligations=["dance"]),
        changed(more=1),
        changed("held", download=True),
        changed("restricted", download=True),
        {**changed(), "provisional_days": 1.5},
        {**changed(), "thresholds": {}},
        {**changed(), "tiers": {}},
    ],
)
def test_what_is_no_ladder_is_refused(wrong: Any, now: datetime, db: None) -> None:
    with pytest.raises(Refused, match="ladder_invalid"):
        ladder_versions.propose_ladder(wrong, "…", make_reviewer(now), now)


def test_differences_are_named() -> None:
    earlier = {
        "tiers": {"a": {"per_day": 20, "obligations": ["mark"]}, "b": {"per_day": 1}},
        "days": 30,
    }
    later = {
        "tiers": {"a": {"per_day": 10, "obligations": []}, "b": {"per_day": 1}},
        "days": 30,
        "new": True,
    }
    assert ladder_versions.ladder_differences(earlier, later) == [
        "tiers.a.per_day: 20 → 10",
        "tiers.a.obligations: mark → —",
        "new: null → true",
    ]
    assert ladder_versions.ladder_differences(later, later) == []
