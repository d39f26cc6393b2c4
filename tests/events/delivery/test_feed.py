"""Tests that each platform gets its events once, in order and without gaps, whatever is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection, transaction

from employers.accounts import enrolling
from employers.accounts.api_clients import create_api_client, revoke_api_client
from employers.models import ApiClient, Employer, Scope
from employers.platforms.audience import audience_of
from events import tasks
from events.core import event_types
from events.core.actor import SYSTEM
from events.delivery import feed
from events.models import Event, Feed, Outgoing, PlatformEvent, record
from tests.factories import (
    make_case,
    make_employer,
    make_link,
    make_member,
    make_reviewer,
    make_user,
)
from verification.cases import operations
from verification.models import transitions
from verification.rules.states import State

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[3]


def platform(now: datetime, *, test: bool = False) -> ApiClient:
    return create_api_client("a platform", [Scope.EVENTS_READ], now, test=test)[0]


def of_platform(now: datetime, client: ApiClient, reference: str = "") -> Employer:
    return make_employer(now, platform=client, test=client.test, reference=reference)


def told(client: ApiClient) -> list[tuple[int, str]]:
    return list(PlatformEvent.objects.of(client.pk).values_list("sequence", "type"))


# --- What is told ---------------------------------------------------------------------------------


def test_every_verb_of_a_case_is_told() -> None:
    assert {
        verb for verb in transitions.transition_verbs() if event_types.type_of(verb, "case") is None
    } == set()


@pytest.mark.parametrize(
    ("verb", "kind"),
    [("look", "user"), ("view_page", "document"), ("claim", "case"), ("register", "case")],
)
def test_what_staff_do_is_told_to_nobody(verb: str, kind: str) -> None:
    assert event_types.type_of(verb, kind) is None


def test_types_keep_their_form() -> None:
    assert all(kind.count(".") == 1 and kind == kind.lower() for kind in event_types.EVENT_TYPES)


def test_details_are_told_by_name_and_reasons_in_both_languages() -> None:
    happened = event_types.Happened(
        "employer.suspended",
        "e",
        "ref",
        "c",
        "approved",
        "suspended",
        ["registry_revoked", "of_an_old_version"],
        {"attempt": 2, "field": "张三"},
    )
    body = event_types.message_payload(happened)
    assert (
        body["employer"] == {"id": "e", "reference": "ref"}
        and body["case"] == {"id": "c"}
        and body["attempt"] == 2
    )
    assert (body["from_state"], body["to_state"]) == ("approved", "suspended")
    assert (
        body["reasons"][0]["fix"]["zh"]
        and body["reasons"][0]["says"]["en"]
        and body["reasons"][1] == {"code": "of_an_old_version"}
    )
    assert "张三" not in str(body)


def test_a_move_on_the_ladder_says_from_where_to_where_and_until_when() -> None:
    data = {"until": "2026-12-01T00:00:00+00:00", "seen": ["at night"]}
    kind = event_types.type_of("restrict", "standing")
    assert kind == "employer.tier_changed" and event_types.type_of("release", "member") is None
    body = event_types.message_payload(
        event_types.Happened(kind, "e", "", None, "", "restricted", ["not_allowed"], data)
    )
    assert body["tier"] == {"from": None, "to": "restricted", "until": data["until"]}
    assert (
        "to_state" not in body
        and "at night" not in str(body)
        and body["reasons"][0]["code"] == "not_allowed"
    )
    back = event_types.message_payload(
        event_types.Happened(kind, "e", "", None, "restricted", "", [], {"until": None})
    )
    assert back["tier"] == {"from": "restricted", "to": None, "until": None}


# --- Who hears ------------------------------------------------------------------------------------


def test_who_hears_of_whom(now: datetime) -> None:
    one, other, trying = platform(now), platform(now), platform(now, test=True)
    gone = platform(now)
    own, free, tried = of_platform(now, one, "r-1"), make_employer(now), of_platform(now, trying)
    left = of_platform(now, gone)
    golden = make_employer(now, made_for=make_user(now))
    member = make_member(now, free)
    for client in (one, gone):
        make_link(member, client.pk, now)
    make_link(member, other.pk, now).delete()
    revoke_api_client(gone, SYSTEM, now)
    heard = audience_of({e.pk for e in (own, free, tried, left, golden)})
    assert heard[own.pk] == feed.Heard(frozenset({one.pk}), "r-1")
    assert heard[free.pk].clients == {one.pk}, "no recruiter has linked the other one"
    assert heard[free.pk].of_their_own == {one.pk, other.pk}
    assert heard[tried.pk].clients == {trying.pk}
    assert not heard.keys() & {left.pk, golden.pk}
    for client in (one, other, trying):
        seen = set(Employer.objects.seen_by(client).values_list("pk", flat=True))
        assert {pk for pk, who in heard.items() if client.pk in who.clients} == seen


def test_a_platform_reads_its_feed_without_a_gap(now: datetime) -> None:
    one, other = platform(now), platform(now)
    own, free = of_platform(now, one), make_employer(now)
    for client in (one, other):
        make_link(make_member(now, free), client.pk, now)
    for employer in (free, own, free):
        record("register", employer, SYSTEM, now, employer_id=employer.pk)
    assert feed.relay_outbox(now) == 3 and feed.relay_outbox(now) == 0
    assert [sequence for sequence, _ in told(one)] == [1, 2, 3]
    assert [sequence for sequence, _ in told(other)] == [1, 2]
    record("register", own, SYSTEM, now, employer_id=own.pk)
    feed.relay_outbox(now)
    assert told(one)[-1] == (4, "employer.created") and len(told(other)) == 2


def test_what_nobody_hears_leaves_the_outbox_too(now: datetime) -> None:
    golden = make_employer(now, made_for=make_user(now))
    record("register", golden, SYSTEM, now, employer_id=golden.pk)
    assert (
        feed.relay_outbox(now) == 1
        and not Outgoing.objects.exists()
        and not PlatformEvent.objects.exists()
    )


def test_what_is_rolled_back_is_not_told(now: datetime) -> None:
    employer = make_employer(now)
    with transaction.atomic():
        record("register", employer, SYSTEM, now, employer_id=employer.pk)
        transaction.set_rollback(True)
    assert not Outgoing.objects.exists()


def test_a_suspension_says_why_and_an_approval_until_when(now: datetime) -> None:
    client = platform(now)
    member = make_member(now, of_platform(now, client, "company-7"))
    case = make_case(member, now, State.APPROVED)
    operations.suspend_case(case.pk, SYSTEM, now, ["registry_revoked"], note="personal words")
    operations.reinstate_case(case.pk, make_reviewer(now), now)
    feed.relay_outbox(now)
    suspended, reinstated = PlatformEvent.objects.of(client.pk)
    assert (suspended.type, reinstated.type) == ("employer.suspended", "employer.reinstated")
    assert suspended.payload["employer"] == {
        "id": str(member.employer_id),
        "reference": "company-7",
    }
    assert [reason["code"] for reason in suspended.payload["reasons"]] == ["registry_revoked"]
    assert "personal words" not in str(suspended.payload) and "expires_at" not in suspended.payload
    assert datetime.fromisoformat(reinstated.payload["expires_at"]) == case.expires_at


def test_members_come_and_go_by_their_ids_alone(now: datetime) -> None:
    client = platform(now)
    employer = of_platform(now, client)
    told_of = {
        "reference": "m-1",
        "email": "zhang.san@example.com",
        "role": "recruiter",
        "language": "zh-hans",
    }
    member = enrolling.add_member(client, employer, now=now, **told_of)
    enrolling.end_member(client, employer, member.pk, now)
    feed.relay_outbox(now)
    rows = list(PlatformEvent.objects.of(client.pk))
    assert [row.type for row in rows] == ["member.joined", "member.left"]
    assert all(
        row.payload["member"] == str(member.pk) and "zhang" not in str(row.payload) for row in rows
    )


# --- Killed in the middle -------------------------------------------------------------------------

_RELAY = """
import time, django
django.setup()
from django.utils import timezone
from events.delivery import feed
feed.AT_ONCE = 40
while True:
    feed.relay_outbox(timezone.now()) or time.sleep(0.005)
"""


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_killed_relays_lose_nothing_and_double_nothing(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two relays are killed again and again while four writers commit 2,400 events out of the order
    of their ids.
    """
    monkeypatch.setattr(tasks.relay, "delay", lambda: None)
    clients = [platform(now), platform(now)]
    employers = [make_employer(now) for _ in range(8)]
    for employer in employers:
        member = make_member(now, employer)
        for client in clients:
            make_link(member, client.pk, now)
    database = connection.settings_dict
    url = f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT'] or 5432}/{database['NAME']}"  # noqa: E501
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_URL": url}

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", _RELAY], cwd=ROOT, env=environment)

    relays = [start(), start()]
    writers = [threading.Thread(target=_write, args=(employers[i::4], now)) for i in range(4)]
    for writer in writers:
        writer.start()
    kills, deadline = 0, time.monotonic() + 120
    try:
        while (
            any(w.is_alive() for w in writers) or Outgoing.objects.exists()
        ) and time.monotonic() < deadline:
            before = PlatformEvent.objects.count()
            while (
                PlatformEvent.objects.count() < before + 400
                and Outgoing.objects.exists()
                and time.monotonic() < deadline
            ):
                time.sleep(0.01)  # both work again
            victim = kills % 2
            relays[victim].send_signal(signal.SIGKILL)
            relays[victim].wait()
            relays[victim], kills = start(), kills + 1
    finally:
        for process in relays:
            process.kill()
            process.wait()
        for writer in writers:
            writer.join()
    assert kills >= 6, "too few kills for a meaningful test"
    assert not Outgoing.objects.exists()
    expected = set(Event.objects.filter(verb="register").values_list("pk", flat=True))
    assert len(expected) == 2400
    for client in clients:
        rows = list(
            PlatformEvent.objects.of(client.pk).values_list(
                "sequence", "event_id", "event__employer_id"
            )
        )
        assert [sequence for sequence, *_ in rows] == list(range(1, 2401))
        assert {event for _, event, _ in rows} == expected
        for employer in employers:
            of_one = [event for _, event, employer_id in rows if employer_id == employer.pk]
            assert of_one == sorted(of_one), "an employer's events are in order"
        assert Feed.objects.get(pk=client.pk).last_sequence == 2400


def _write(employers: list[Employer], now: datetime) -> None:
    try:
        for _ in range(300):
            with transaction.atomic():
                for employer in employers:
                    record(
                        "register",
                        employer,
                        SYSTEM,
                        now,
                        employer_id=employer.pk,
                        data={"member": str(uuid4())},
                    )
                time.sleep(0.002)
    finally:
        connection.close()
