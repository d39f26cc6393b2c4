"""Tests of retry times and of explanations of recorded decisions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from downloads.gate import decide
from downloads.models import GateDecision
from downloads.releases import explain
from downloads.rules.ladder import FIRST
from employers.models import Member, User
from tests.databases import unguarded
from tests.downloads.gate.test_quotas import CLIENT, approved, ask_all
from tests.factories import make_linked_client
from verification.models import Case

SHANGHAI = ZoneInfo("Asia/Shanghai")


def asked(member: Member, candidate: str, now: datetime) -> decide.Answer:
    return decide.decide_download(
        client_id=CLIENT,
        employer_id=member.employer_id,
        member_id=member.pk,
        candidate=candidate,
        now=now,
        zone=SHANGHAI,
    )


def test_when_the_hour_frees_an_answer_is_yes_again(db: None) -> None:
    begin = datetime(2026, 11, 24, 9, 0, tzinfo=SHANGHAI)
    member = approved(begin)
    for n in range(5):
        assert ask_all(member, [f"c-{n}"], begin + timedelta(minutes=n)) == [""]
    no = asked(member, "more", begin + timedelta(minutes=30))
    assert no.retry_at == begin + timedelta(hours=1)
    assert asked(member, "more", no.retry_at - timedelta(seconds=1)).reasons[0].code == "quota_hour"
    assert asked(member, "more", no.retry_at).allowed


def test_when_it_frees_is_told_as_of_the_answer(db: None) -> None:
    begin = datetime(2026, 11, 24, 9, 0, tzinfo=SHANGHAI)
    member = approved(begin)
    for n in range(5):
        ask_all(member, [f"c-{n}"], begin + timedelta(minutes=n))
    no = asked(member, "more", begin + timedelta(minutes=30))
    for n in range(5):
        assert ask_all(member, [f"d-{n}"], begin + timedelta(hours=1, minutes=10 + n)) == [""]
    told = explain.explain_decision(no.id, CLIENT, begin + timedelta(hours=2), SHANGHAI)
    assert told.retry_at == no.retry_at == begin + timedelta(hours=1)


@pytest.mark.django_db
def test_what_a_company_takes_elsewhere_is_told_to_nobody_whom_no_quota_refused(
    client: Client,
) -> None:
    now = timezone.now()
    member, (api_client, key) = approved(now), make_linked_client(now)

    def used(decision_id: object) -> tuple[int | None, int | None]:
        told = client.get(
            f"/api/v1/gate/decisions/{decision_id}", headers={"Authorization": f"Bearer {key}"}
        ).json()
        return told["quota"]["used_day"], told["quota"]["used_hour"]

    ask_all(member, [f"c-{n}" for n in range(3)], now)
    User.objects.filter(pk=member.user_id).update(email_verified_at=None)
    ask_all(member, ["a"], now, api_client.pk)
    row = GateDecision.objects.get(client_id=api_client.pk)
    assert (row.reason, row.used_day, row.used_hour) == ("authority_email_unverified", None, None)
    with unguarded(GateDecision):
        GateDecision.objects.filter(pk=row.pk).update(used_day=3, used_hour=3)
    assert used(row.pk) == (None, None), "a decision from before these were left out"
    User.objects.filter(pk=member.user_id).update(email_verified_at=now)
    assert ask_all(member, ["a", "a"], now, api_client.pk) == ["", "quota_candidate"]
    for later in GateDecision.objects.filter(client_id=api_client.pk).exclude(pk=row.pk):
        assert used(later.pk) == (4, 4)


def test_the_day_frees_at_midnight(db: None) -> None:
    noon = datetime(2026, 11, 24, 12, 0, tzinfo=SHANGHAI)
    member = approved(noon)
    assert asked(member, "a", noon).retry_at is None
    no = asked(member, "a", noon)
    assert no.reasons[0].code == "quota_candidate" and no.retry_at == datetime(
        2026, 11, 25, 0, 0, tzinfo=SHANGHAI
    )
    assert asked(member, "a", no.retry_at).allowed


@pytest.mark.django_db
def test_an_answer_is_explained_to_whom_it_was_given(client: Client) -> None:
    now = timezone.now()
    member = approved(now)
    _, key = make_linked_client(now)
    _, other = make_linked_client(now)

    def call(method: str, path: str, body: Any = None, key: str = key) -> Any:
        headers = {"Authorization": f"Bearer {key}"}
        return getattr(client, method)(
            f"/api/v1/gate/{path}", body, content_type="application/json", headers=headers
        )

    asking = {"employer_id": str(member.employer_id), "member_id": str(member.pk)}
    yes = call("post", "decisions", asking | {"candidate": "a"}).json()
    told = call("get", f"decisions/{yes['id']}").json()
    assert (
        told["allowed"]
        and told["pass_state"] == "unspent"
        and told["ladder_version"] == FIRST.version
    )
    assert told["quota"] == {
        "used_day": 1,
        "per_day": 20,
        "used_hour": 1,
        "per_hour": 5,
        "per_candidate": 1,
    }
    assert (told["case_state"], told["case_version"]) == ("approved", Case.objects.get().version)
    call("post", "passes/spend", {"gate_pass": yes["gate_pass"]})
    assert call("get", f"decisions/{yes['id']}").json()["pass_state"] == "spent"

    no = call("post", "decisions", asking | {"candidate": "a"}).json()
    (reason,) = no["reasons"]
    assert reason["url"].endswith("/case/") and reason["appeal"] and no["retry_at"]
    told = call("get", f"decisions/{no['id']}").json()
    assert (told["reasons"], told["retry_at"], told["pass_state"]) == (
        no["reasons"],
        no["retry_at"],
        "none",
    )
    for decision_id, who in ((yes["id"], other), (uuid4(), key)):
        refused = call("get", f"decisions/{decision_id}", key=who)
        assert refused.status_code == 404 and refused.json()["code"] == "decision_unknown"


@pytest.mark.django_db
def test_a_pass_that_nobody_spent_has_expired(client: Client) -> None:
    now = timezone.now()
    member, (api_client, key) = approved(now), make_linked_client(now)
    ask_all(member, ["a"], now - timedelta(minutes=2), api_client.pk)
    row = GateDecision.objects.get()
    told = client.get(
        f"/api/v1/gate/decisions/{row.pk}", headers={"Authorization": f"Bearer {key}"}
    ).json()
    assert told["pass_state"] == "expired"
