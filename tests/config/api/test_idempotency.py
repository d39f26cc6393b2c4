"""Tests of `Idempotency-Key`: a request is done once, and a yes is repeated only while it holds."""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import OperationalError, connection, connections
from django.utils import timezone

from config.api.door import DONE_ONCE
from config.api.routes import api
from downloads.gate import release_stops
from downloads.models import Candidate, GateDecision, ReleaseStop, Standing
from downloads.releases.repeated_answers import still_allows
from employers.accounts.api_clients import add_key, rotate_key
from employers.models import ApiClient, ApiKey, IdempotentAnswer, Member, MemberLink, Scope, User
from employers.platforms import idempotency
from employers.tasks import sweep_answers
from events.core.actor import SYSTEM
from tests.config.api.test_door import question, send
from tests.factories import make_api_client, make_reviewer, make_uscc
from verification.models import Case
from verification.rules.states import State

pytestmark = pytest.mark.django_db
SPEND = "/api/v1/gate/passes/spend"
GATE, EMPLOYERS, ME = "/api/v1/gate/decisions", "/api/v1/employers", "/api/v1/me"


def test_the_same_key_is_answered_the_same_and_done_once(key: str) -> None:
    asked = question()
    first, again = (send("POST", GATE, key, asked, Idempotency_Key="k-1") for _ in range(2))
    assert first.status_code == again.status_code == 200 and first.content == again.content
    assert "Idempotent-Replayed" not in first and again["Idempotent-Replayed"] == "true"
    assert again["Content-Type"] == first["Content-Type"] and GateDecision.objects.count() == 1
    assert first["X-Request-Id"] != again["X-Request-Id"]


def test_a_put_that_comes_late_does_not_undo_what_was_put_after_it(key: str) -> None:
    path, code = f"{EMPLOYERS}/by-reference/co-1", make_uscc(7)
    first = send("PUT", path, key, {"name": "甲公司", "uscc": code}, Idempotency_Key="k-1")
    assert first.status_code == 201
    after = send("PUT", path, key, {"name": "乙公司", "uscc": code}, Idempotency_Key="k-2")
    assert (after.status_code, after.json()["name"]) == (200, "乙公司")
    late = send("PUT", path, key, {"name": "甲公司", "uscc": code}, Idempotency_Key="k-1")
    assert late["Idempotent-Replayed"] == "true" and (late.status_code, late.content) == (
        201,
        first.content,
    )
    assert send("GET", f"{EMPLOYERS}/{first.json()['id']}", key).json()["name"] == "乙公司"
    reused = send("PUT", path, key, {"name": "丙公司", "uscc": code}, Idempotency_Key="k-2")
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")


def test_each_method_that_changes_something_takes_a_key() -> None:
    """For each operation of the document, an idempotency key is honoured or has no effect."""
    used = {
        method.upper()
        for methods in api.get_openapi_schema()["paths"].values()
        for method in methods
    }
    assert used - {"GET"} <= set(DONE_ONCE) and "GET" not in DONE_ONCE


def test_an_answer_rests_sealed(key: str) -> None:
    send("POST", GATE, key, question(), Idempotency_Key="k-1")
    row = IdempotentAnswer.objects.get()
    assert "allowed" not in row.answer_sealed and row.answer_sealed and len(row.asked_index) == 64


def test_another_request_with_the_same_key_is_refused(key: str, now: datetime) -> None:
    asked = question()
    send("POST", GATE, key, asked, Idempotency_Key="k-1")
    refused = send("POST", GATE, key, asked | {"candidate": "c-2"}, Idempotency_Key="k-1")
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert GateDecision.objects.count() == 1
    other = make_api_client(now)[1]
    assert send("POST", GATE, other, asked, Idempotency_Key="k-1").json()["id"] != "", (
        "idempotency keys belong to one platform"
    )


def test_a_platforms_other_key_hears_only_what_it_may(
    platform: tuple[ApiClient, str], key: str
) -> None:
    asked = question()
    send("POST", GATE, key, asked, Idempotency_Key="k-1")
    _, less = add_key(platform[0], [Scope.EMPLOYERS_READ], SYSTEM, timezone.now())
    refused = send("POST", GATE, less, asked, Idempotency_Key="k-1")
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    new, replaced = rotate_key(
        ApiKey.objects.get(key_hash=ApiKey.hash_key(key)), timedelta(), SYSTEM, timezone.now()
    )
    assert new.client == platform[0]
    assert (
        send("POST", GATE, replaced, asked, Idempotency_Key="k-1")["Idempotent-Replayed"] == "true"
    )


@pytest.mark.parametrize("text", ["", "x" * 65, "two words"])
def test_a_key_of_another_form_is_refused(key: str, text: str) -> None:
    refused = send("POST", GATE, key, question(), Idempotency_Key=text)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_invalid")
    assert not GateDecision.objects.exists()


def test_a_key_that_is_under_way_is_told_to_wait(platform: tuple[ApiClient, str]) -> None:
    client, key = platform
    asked = question()
    body = json.dumps(asked)
    may = "employers:read employers:write gate:decide no links"
    idempotency.claim_key(client, "k-1", f"{may}\nPOST {GATE}\n{body}".encode(), timezone.now())
    waits = send("POST", GATE, key, body, Idempotency_Key="k-1")
    assert (waits.status_code, waits.json()["code"]) == (409, "idempotency_in_progress") and int(
        waits["Retry-After"]
    ) >= 1
    IdempotentAnswer.objects.update(claimed_until=timezone.now())
    assert send("POST", GATE, key, body, Idempotency_Key="k-1").status_code == 200, (
        "the key of a dead request can be used again"
    )


def test_what_was_taken_over_keeps_nothing(platform: tuple[ApiClient, str], now: datetime) -> None:
    slow = idempotency.claim_key(platform[0], "k", b"asked", now)
    fast = idempotency.claim_key(platform[0], "k", b"asked", now + idempotency.CLAIMED_FOR)
    assert isinstance(slow, idempotency.Claim) and isinstance(fast, idempotency.Claim)
    answer = idempotency.StoredResponse(200, {}, b"{}")
    assert not idempotency.store_response(slow, answer, now)
    idempotency.drop_claim(slow)
    assert idempotency.store_response(fast, answer, now)
    assert idempotency.claim_key(platform[0], "k", b"asked", now) == answer


@pytest.mark.parametrize("error", [RuntimeError("broken"), None])
def test_what_failed_can_be_tried_again(key: str, error: Exception | None) -> None:
    asked = question()
    if error is None:
        assert (
            send("POST", GATE, key, {**asked, "candidate": ""}, Idempotency_Key="k-1").status_code
            == 422
        )
    else:
        with mock.patch("downloads.api.gate.gate_decide.decide_all", side_effect=error):
            assert send("POST", GATE, key, asked, Idempotency_Key="k-1").status_code == 500
    assert not IdempotentAnswer.objects.exists()
    assert send("POST", GATE, key, asked, Idempotency_Key="k-1").status_code == 200


@pytest.mark.parametrize("error", [RuntimeError("killed"), OperationalError("gone")])
def test_what_dies_before_its_answer_is_kept_has_done_nothing(key: str, error: Exception) -> None:
    asked = question()
    with mock.patch("config.api.door.idempotency.store_response", side_effect=error):
        answer = send("POST", GATE, key, asked, Idempotency_Key="k-1")
    assert answer.status_code in (500, 503) and answer["Content-Type"].startswith(
        "application/problem+json"
    )
    assert not GateDecision.objects.exists()
    assert send("POST", GATE, key, asked, Idempotency_Key="k-1").status_code == 200
    assert GateDecision.objects.count() == 1


def test_what_takes_longer_than_its_claim_undoes_what_it_did(key: str) -> None:
    asked = question()
    with mock.patch("config.api.door.idempotency.store_response", return_value=False):
        answer = send("POST", GATE, key, asked, Idempotency_Key="k-1")
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_in_progress")
    assert not GateDecision.objects.exists()


def test_without_a_right_key_nothing_is_kept() -> None:
    assert send("POST", GATE, "zk_wrong", question(), Idempotency_Key="k-1").status_code == 401
    assert not IdempotentAnswer.objects.exists()


def _suspend(asked: dict[str, str]) -> None:
    Case.objects.filter(employer=asked["employer_id"]).update(version=99)


def _leave(asked: dict[str, str]) -> None:
    Member.objects.update(left_at=timezone.now())


def _end(asked: dict[str, str]) -> None:
    Case.objects.update(expires_at=timezone.now())


def _unlink(asked: dict[str, str]) -> None:
    MemberLink.objects.update(ended_at=timezone.now())


def _hold(asked: dict[str, str]) -> None:
    Member.objects.update(held_at=timezone.now())


def _close_account(asked: dict[str, str]) -> None:
    User.objects.update(is_active=False)


def _forget_address(asked: dict[str, str]) -> None:
    User.objects.update(email_verified_at=None)


def _stop_releases(asked: dict[str, str]) -> None:
    now = timezone.now()
    first, second = make_reviewer(now), make_reviewer(now)
    stop = release_stops.propose_release_stop(None, ReleaseStop.Act.STOP, "a leak", first, now)
    release_stops.settle_release_stop(stop.pk, second, now, confirmed=True)


def _restrict(asked: dict[str, str]) -> None:
    Standing.objects.create(
        employer_id=asked["employer_id"],
        tier="restricted",
        reason="downloads_restricted",
        moved_at=timezone.now(),
    )


def _close_candidate(asked: dict[str, str]) -> None:
    now = timezone.now()
    Candidate.objects.create(
        client_id=ApiClient.objects.get().pk,
        reference=asked["candidate"],
        mode="closed",
        told_at=now,
        changed_at=now,
    )


CHANGES = [
    _suspend,
    _leave,
    _end,
    _unlink,
    _hold,
    _close_account,
    _forget_address,
    _stop_releases,
    _restrict,
    _close_candidate,
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_yes_is_not_said_again_once_it_does_not_hold(key: str, change: Any) -> None:
    asked = question()
    answer = send("POST", GATE, key, asked, Idempotency_Key="k-1").json()
    assert answer["allowed"] is True
    spent = {"gate_pass": answer["gate_pass"]}
    spend = send("POST", SPEND, key, spent, Idempotency_Key="k-2")
    assert spend.status_code == 200
    assert send("POST", SPEND, key, spent, Idempotency_Key="k-2").content == spend.content
    change(asked)
    for path, body, name in ((GATE, asked, "k-1"), (SPEND, spent, "k-2")):
        again = send("POST", path, key, body, Idempotency_Key=name)
        assert (again.status_code, again.json()["code"]) == (409, "idempotency_outdated")


@pytest.mark.parametrize(
    ("body", "holds"),
    [
        (b"", True),
        (b'{"allowed": false, "id": "x"}', True),
        (b'[{"allowed": false}, {"allowed": false}]', True),
        (b'{"allowed": true}', False),
        (b'{"allowed": true, "id": "0b9c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d"}', False),
        (
            (
                b'[{"allowed": false}, {"allowed": true, "id":'
                b' "0b9c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d"}]'
            ),
            False,
        ),
        (b'{"decision_id": "0b9c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d"}', False),
        (b'{"yes": 1}', False),
        (b'"yes"', False),
    ],
)
def test_what_cannot_be_told_is_no_yes(body: bytes, holds: bool, now: datetime) -> None:
    assert still_allows(body, now) is holds


def test_a_no_is_said_again(key: str) -> None:
    asked = question(State.SUSPENDED)
    for _ in range(2):
        assert send("POST", GATE, key, asked, Idempotency_Key="k-1").json()["allowed"] is False
    assert GateDecision.objects.count() == 1


def test_answers_are_let_go_after_a_day(platform: tuple[ApiClient, str], now: datetime) -> None:
    idempotency.claim_key(platform[0], "old", b"asked", timezone.now() - idempotency.KEPT_FOR)
    idempotency.claim_key(platform[0], "new", b"asked", timezone.now())
    sweep_answers()
    assert [row.key for row in IdempotentAnswer.objects.all()] == ["new"]
    assert isinstance(
        idempotency.claim_key(platform[0], "new", b"other", timezone.now() + idempotency.KEPT_FOR),
        idempotency.Claim,
    )


def test_without_the_header_the_gate_asks_no_more_of_the_database(
    key: str, django_assert_num_queries: Any
) -> None:
    asked = question()
    send("POST", GATE, key, asked)
    # The one statement, which confirms the key. On PostgreSQL it is prepared and bypasses Django's
    # query count.
    with django_assert_num_queries(0 if connection.vendor == "postgresql" else 1):
        send("POST", GATE, key, asked | {"candidate": "c-2"})


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_have_one_effect(key: str) -> None:
    asked, together = question(), threading.Barrier(20)
    answers: list[Any] = []

    def ask() -> None:
        together.wait()
        try:
            answers.append(send("POST", GATE, key, asked, Idempotency_Key="k-1"))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 20 and GateDecision.objects.count() == 1
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {
        "idempotency_in_progress"
    }
    assert send("POST", GATE, key, asked, Idempotency_Key="k-1")["Idempotent-Replayed"] == "true"
