"""Tests that a cached key is never trusted more than the database at that moment."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections
from django.test import Client
from django.utils import timezone

from downloads.gate import decide
from downloads.models import GateDecision
from employers.accounts.api_clients import (
    create_api_client,
    revoke_api_client,
    revoke_key,
    rotate_key,
)
from employers.models import ApiClient, ApiKey, Member, Scope
from employers.platforms import known_keys
from events.core.actor import SYSTEM
from events.db import dialect
from tests.events.db.test_dialect import lose
from tests.factories import make_case, make_link, make_member
from verification.rules.states import State

pytestmark = pytest.mark.django_db
GATE, BATCH, ME = "/api/v1/gate/decisions", "/api/v1/gate/decisions/batch", "/api/v1/me"


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    known_keys._known.clear()
    yield
    known_keys._known.clear()


class Platform:
    """A platform with a cached key, and a recruiter who may download."""

    def __init__(self, *scopes: Scope, test: bool = False) -> None:
        now = timezone.now()
        self.client, self.text = create_api_client(
            "a platform", list(scopes or (Scope.GATE_DECIDE,)), now, test=test
        )
        self.key = ApiKey.objects.get(client=self.client)
        self.member: Member = make_member(now)
        if test:
            type(self.member.employer).objects.filter(pk=self.member.employer_id).update(
                test=True, platform=self.client
            )
        make_link(self.member, self.client.pk, now)
        make_case(self.member, now, State.APPROVED, expires_at=now + timedelta(days=1))

    def post(self, address: str, **more: Any) -> Any:
        body = {
            "employer_id": str(self.member.employer_id),
            "member_id": str(self.member.pk),
        } | more
        return Client().post(
            address, body, "application/json", headers={"Authorization": f"Bearer {self.text}"}
        )

    def ask(self, candidate: str = "c-1") -> Any:
        return self.post(GATE, candidate=candidate)

    def is_known(self) -> bool:
        return known_keys.known_key(self.text) is not None


@pytest.fixture
def platform() -> Platform:
    made = Platform()
    assert made.ask().json()["allowed"] and made.is_known()
    return made


def revoked(platform: Platform) -> None:
    revoke_key(platform.key, SYSTEM, timezone.now())


def platform_revoked(platform: Platform) -> None:
    revoke_api_client(platform.client, SYSTEM, timezone.now())


def rotated_without_overlap(platform: Platform) -> None:
    rotate_key(platform.key, timedelta(0), SYSTEM, timezone.now())


def at_its_end(platform: Platform) -> None:
    ApiKey.objects.filter(pk=platform.key.pk).update(
        expires_at=timezone.now() - timedelta(seconds=1)
    )


def gone(platform: Platform) -> None:
    ApiKey.objects.filter(pk=platform.key.pk).delete()


ENDS = (revoked, platform_revoked, rotated_without_overlap, at_its_end, gone)


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(
    "asked", [(GATE, {"candidate": "c-2"}), (BATCH, {"candidates": ["c-2", "c-3"]})]
)
def test_a_known_key_that_has_ended_opens_nothing(
    platform: Platform, end: Callable[[Platform], None], asked: tuple[str, Any]
) -> None:
    end(platform)
    address, more = asked
    answer = platform.post(address, **more)
    assert (answer.status_code, answer.json()["code"]) == (401, "key_missing_or_wrong") and answer[
        "WWW-Authenticate"
    ] == "Bearer"
    assert GateDecision.objects.count() == 1 and not platform.is_known()
    assert platform.post(address, **more).status_code == 401


def test_within_its_overlap_a_rotated_key_opens(platform: Platform) -> None:
    rotate_key(platform.key, timedelta(hours=1), SYSTEM, timezone.now())
    assert platform.ask("c-2").json()["allowed"]


def test_what_confirms_nothing_looks_keys_up(platform: Platform) -> None:
    revoked(platform)
    assert Client().get(ME, headers={"Authorization": f"Bearer {platform.text}"}).status_code == 401
    answer = Client().post(
        "/api/v1/gate/passes/spend",
        {"gate_pass": "x"},
        "application/json",
        headers={"Authorization": f"Bearer {platform.text}"},
    )
    assert answer.status_code == 401


def test_a_key_is_found_by_its_text_alone() -> None:
    now = timezone.now()
    client, key = create_api_client("a platform", [Scope.GATE_DECIDE], now)
    found = ApiKey.objects.by_key(key, now)
    assert (
        found is not None
        and found.client == client
        and found.scopes == ["gate:decide"]
        and found.client_id == client.pk
    )
    assert ApiKey.objects.by_key(key + "x", now) is None


def test_a_key_that_may_not_ask_is_told_so_known_or_not() -> None:
    other = Platform(Scope.EVENTS_READ)
    assert [other.ask().status_code for _ in range(2)] == [
        403,
        403,
    ] and not GateDecision.objects.exists()
    revoked(other)
    assert other.ask().status_code == 401 and not other.is_known()


def test_nobody_is_known_by_a_part_of_a_key(platform: Platform) -> None:
    for text in (platform.text[:-1], platform.text + "x", platform.key.key_hash, ""):
        assert known_keys.known_key(text) is None


def test_a_tests_key_is_looked_up_each_time() -> None:
    """Its clock can be months ahead, when its key would have ended."""
    made = Platform(test=True)
    rotate_key(made.key, timedelta(hours=1), SYSTEM, timezone.now())
    ApiClient.objects.filter(pk=made.client.pk).update(clock_seconds=3600 * 3)
    assert made.ask().json()["allowed"] and not made.is_known()
    revoked(made)
    assert made.ask().status_code == 401


def test_that_a_known_key_is_in_use_is_kept_once_an_hour(
    platform: Platform, django_assert_num_queries: Any
) -> None:
    long_ago = timezone.now() - timedelta(hours=2)
    known = known_keys.known_key(platform.text)
    assert known is not None
    known.last_used_at = long_ago
    ApiKey.objects.filter(pk=platform.key.pk).update(last_used_at=long_ago)
    platform.ask("c-2")
    kept = ApiKey.objects.get(pk=platform.key.pk).last_used_at
    assert kept is not None and kept > long_ago
    with django_assert_num_queries(0 if connection.vendor == "postgresql" else 1):
        platform.ask("c-3")


def test_a_key_that_has_ended_is_not_in_use(platform: Platform) -> None:
    ApiKey.objects.filter(pk=platform.key.pk).update(last_used_at=None)
    known = known_keys.known_key(platform.text)
    assert known is not None
    known.last_used_at = None
    revoked(platform)
    assert (
        platform.ask("c-2").status_code == 401
        and ApiKey.objects.get(pk=platform.key.pk).last_used_at is None
    )


def test_not_more_are_known_than_there_is_room_for(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_keys, "MOST", 1)
    other = Platform()
    assert other.ask().json()["allowed"] and other.is_known() and not platform.is_known()
    assert platform.ask("c-2").json()["allowed"]


# --- On PostgreSQL: beside a revocation, and over connections that are lost -----------------------


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_after_a_revocation_was_acknowledged_no_thread_hears_a_yes() -> None:
    made, over, late = Platform(), threading.Event(), []
    made.ask()

    def keep_asking(number: int) -> None:
        n = 0
        try:
            while not (was_over := over.is_set()) or n < 5:
                n += 1
                if made.ask(f"c-{number}-{n}").status_code == 200 and was_over:
                    late.append(n)
                if was_over:
                    break
        finally:
            connections.close_all()

    threads = [threading.Thread(target=keep_asking, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    try:
        ends = time.monotonic() + 60
        while GateDecision.objects.count() < 30:
            assert time.monotonic() < ends and all(thread.is_alive() for thread in threads)
            time.sleep(0.01)
        revoked(made)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert not late and made.ask().status_code == 401


def ready() -> None:
    """Leave the connection as the next request finds it, kept from an earlier one."""
    connection.ensure_connection()
    connection.health_check_enabled, connection.health_check_done = True, False


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_over_a_connection_that_was_lost_a_question_is_asked_once_more(now: datetime) -> None:
    made = Platform()
    ready()
    lose()
    (answer,) = _ask(made)
    assert answer.allowed and GateDecision.objects.get().pk == answer.id


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_what_took_long_to_be_found_lost_is_not_asked_of_an_old_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = Platform()
    ready()
    lose()
    monkeypatch.setattr(
        dialect, "monotonic", iter([0.0, dialect.RESEND_WITHIN_SECONDS + 0.1]).__next__
    )
    with pytest.raises(DatabaseError):
        _ask(made)
    assert not GateDecision.objects.exists()
    monkeypatch.undo()
    (answer,) = _ask(made)
    assert answer.allowed


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_question_whose_answer_was_written_before_the_connection_was_lost_counts_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second finds its ids taken. No answer means a refusal."""
    from django.db import IntegrityError

    made, truly = Platform(), dialect._rows_after_lock
    ready()

    def lost_after(*given: Any) -> Any:
        monkeypatch.setattr(dialect, "_rows_after_lock", truly)
        truly(*given)
        lose()
        return truly(*given[:2], "SELECT 1", given[3])

    monkeypatch.setattr(dialect, "_rows_after_lock", lost_after)
    with pytest.raises(IntegrityError):
        _ask(made)
    assert GateDecision.objects.count() == 1


def _ask(made: Platform) -> list[decide.Answer]:
    from zoneinfo import ZoneInfo

    return decide.decide_all(
        client_id=made.client.pk,
        employer_id=made.member.employer_id,
        member_id=made.member.pk,
        candidates=["c-1"],
        now=timezone.now(),
        zone=ZoneInfo("Asia/Shanghai"),
        under=known_keys.CheckedKey(made.key.pk, "", "127.0.0.1"),
    )
