"""Tests that two people can change the ladder and an employer's tier in the console, and nobody
alone or without the right.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from uuid import uuid4

import pytest
from django.urls import reverse

from downloads.gate import ladder_versions
from downloads.models import LadderVersion, Move
from downloads.rules.ladder import FIRST
from employers.models import Member
from tests.downloads.gate.test_ladder_versions import changed
from tests.downloads.gate.test_quotas import approved, ask_all
from tests.factories import make_colleague, make_reviewer, sign_in

MOVES, LADDERS = (f"/console/downloads/{model}/" for model in ("move", "ladderversion"))


@pytest.fixture(autouse=True)
def _nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ladder_versions, "_last", {"": FIRST})


@pytest.fixture
def member(now: datetime, db: None) -> Member:
    return approved(now)


def test_a_move_by_two_people(member: Member, now: datetime) -> None:
    proposer, second = (
        sign_in(make_colleague(now, "Seniors")),
        sign_in(make_colleague(now, "Seniors")),
    )
    typed = {
        "employer": str(member.employer_id),
        "tier": "restricted",
        "why": "sold resumes",
        "until": "",
    }
    page = proposer.post(f"{MOVES}add/", typed, follow=True)
    move = Move.objects.get()
    assert page.request["PATH_INFO"] == reverse("admin:downloads_move_change", args=[move.pk])
    assert (
        'value="drop"' in page.content.decode() and 'value="confirm"' not in page.content.decode()
    )
    refused = proposer.post(f"{MOVES}{move.pk}/change/", {"settle": "confirm"}, follow=True)
    assert "someone else" in refused.content.decode()
    assert ask_all(member, ["a"], now) == [""]
    assert 'value="confirm"' in second.get(f"{MOVES}{move.pk}/change/").content.decode()
    assert (
        "Confirmed."
        in second.post(
            f"{MOVES}{move.pk}/change/", {"settle": "confirm"}, follow=True
        ).content.decode()
    )
    assert ask_all(member, ["b"], now) == ["employer_restricted"]
    assert second.get("/console/downloads/standing/").status_code == 403, (
        "the lists require access to gate decisions"
    )


def test_a_ladder_by_two_people(member: Member, now: datetime) -> None:
    proposer, second = sign_in(make_colleague(now, "Leads")), sign_in(make_reviewer(now))
    assert (
        FIRST.rights["established"].per_day == 200
        and "200" in proposer.get(f"{LADDERS}add/").content.decode()
    )
    for wrong in ("no json", json.dumps(changed(per_hour=-1))):
        assert proposer.post(f"{LADDERS}add/", {"ladder": wrong, "why": "…"}).status_code == 200
    assert not LadderVersion.objects.exists()
    proposer.post(
        f"{LADDERS}add/", {"ladder": json.dumps(changed(per_hour=0)), "why": "a quiet week"}
    )
    row = LadderVersion.objects.get()
    shown = second.get(f"{LADDERS}{row.pk}/change/").content.decode()
    assert re.findall(r"<div><code>([^<]+)</code></div>", shown) == [
        "tiers.provisional.per_hour: 5 → 0"
    ], "the proposed changes come first"
    second.post(f"{LADDERS}{row.pk}/change/", {"settle": "confirm"})
    assert ask_all(member, ["a"], now) == ["quota_hour"]
    assert (
        second.get(LADDERS).status_code
        == 200
        == second.get("/console/downloads/passuse/").status_code
    )


@pytest.mark.parametrize("group", ["Auditors", "Reviewers"])
def test_who_may_not(group: str, member: Member, now: datetime) -> None:
    visitor, lead = sign_in(make_colleague(now, group)), make_reviewer(now)
    row = ladder_versions.propose_ladder(changed(), "…", lead, now)
    assert visitor.get(f"{LADDERS}add/").status_code == 403
    assert visitor.post(f"{LADDERS}{row.pk}/change/", {"settle": "confirm"}).status_code == 403
    assert (visitor.get(f"{MOVES}add/").status_code == 200) is (group == "Reviewers")
    unknown = {"employer": str(uuid4()), "tier": "", "why": "…"}
    assert visitor.post(f"{MOVES}add/", unknown).status_code == (
        200 if group == "Reviewers" else 403
    )
    assert not Move.objects.exists()
