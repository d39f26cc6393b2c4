"""Tests that two people can stop every release at once, and that nothing leaves afterwards."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone

from downloads.gate import release_stops
from downloads.models import GateDecision, ReleaseStop
from employers.models import ApiClient, Employer, Scope, User
from events.core.errors import Refused
from events.delivery import feed
from events.models import Event, Mail, PlatformEvent
from tests.downloads.gate.test_quotas import approved, ask_all
from tests.downloads.platform import Live, Platform
from tests.downloads.releases.test_passes import a_pass, why_not
from tests.factories import (
    make_api_client,
    make_case,
    make_colleague,
    make_member,
    make_reviewer,
    sign_in,
)
from verification.rules.states import State

STOP, RESUME = ReleaseStop.Act.STOP, ReleaseStop.Act.RESUME


def two_people(now: datetime) -> tuple[User, User]:
    return make_colleague(now, "Leads"), make_reviewer(now)


def done(
    act: ReleaseStop.Act, client: ApiClient | None, people: tuple[User, User], now: datetime
) -> ReleaseStop:
    one, other = people
    row = release_stops.propose_release_stop(client.pk if client else None, act, "a leak", one, now)
    release_stops.settle_release_stop(row.pk, other, now, confirmed=True)
    return row


@pytest.fixture
def people(now: datetime, db: None) -> tuple[User, User]:
    return two_people(now)


@pytest.fixture
def live(db: None) -> Live:
    return Live(timezone.now())


def reasons(live: Live) -> list[str]:
    """Return why the gate refuses a candidate that nobody has asked for yet."""
    answer = live.ask(timezone.now(), f"c-{uuid4()}")
    return [reason.code for reason in answer.reasons]


@pytest.mark.parametrize("of_all", [True, False])
def test_a_stop_holds_for_decisions_and_passes_until_it_is_ended(
    of_all: bool, live: Live, people: tuple[User, User]
) -> None:
    now, client = timezone.now(), None if of_all else live.client
    given, later = live.a_pass(now), live.a_pass(now, "c-2")
    done(STOP, client, people, now)
    assert reasons(live) == ["releases_stopped"]
    assert GateDecision.objects.filter(reason="releases_stopped", allowed=False).exists()
    assert spent(live, given) == "releases_stopped"
    done(RESUME, client, people, now)
    assert reasons(live) == [] and spent(live, later) == ""


def spent(live: Live, pass_: str) -> str:
    return why_not(pass_, timezone.now(), live.client.pk)


def test_a_stop_of_one_platform_is_not_one_of_another(
    live: Live, people: tuple[User, User], now: datetime
) -> None:
    other, _ = make_api_client(now, Scope.GATE_DECIDE)
    done(STOP, other, people, now)
    assert reasons(live) == []
    done(STOP, live.client, people, now)
    done(STOP, None, people, now)
    done(RESUME, live.client, people, now)
    assert reasons(live) == ["releases_stopped"], "all platforms are still stopped"
    done(RESUME, None, people, now)
    assert reasons(live) == []


def test_over_http_the_gate_and_the_pass_refuse(people: tuple[User, User]) -> None:
    now, platform = timezone.now(), Platform()
    platform.put(mode="tell_after", email="lin@home.test")
    given = platform.decide()["gate_pass"]
    done(STOP, platform.client, people, now)
    answer = platform.decide()
    assert not answer["allowed"] and answer["reasons"][0]["code"] == "releases_stopped"
    assert answer["reasons"][0]["fix"]["zh"] and answer["reasons"][0]["fix"]["en"]
    refused = platform.call("post", "/gate/passes/spend", {"gate_pass": given})
    assert (refused["http"], refused["code"]) == (422, "releases_stopped")


def test_a_stop_takes_two_people_with_the_power(people: tuple[User, User], now: datetime) -> None:
    one, _ = people
    row = release_stops.propose_release_stop(None, STOP, "a leak", one, now)
    with pytest.raises(Refused, match="second_person_required"):
        release_stops.settle_release_stop(row.pk, one, now, confirmed=True)
    nobody = make_colleague(now, "Reviewers")
    for act in (
        lambda: release_stops.propose_release_stop(None, STOP, "x", nobody, now),
        lambda: release_stops.settle_release_stop(row.pk, nobody, now, confirmed=True),
    ):
        with pytest.raises(Refused, match="not_allowed"):
            act()
    assert not ReleaseStop.objects.filter(in_force=True).exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        ReleaseStop.objects.filter(pk=row.pk).update(
            confirmed=True, in_force=True, settled_by=one, settled_at=now
        )
    release_stops.settle_release_stop(row.pk, one, now, confirmed=False)
    assert not ReleaseStop.objects.filter(in_force=True).exists()


def test_what_would_change_nothing_is_refused(people: tuple[User, User], now: datetime) -> None:
    one, other = people
    with pytest.raises(Refused, match="state_conflict"):
        release_stops.propose_release_stop(None, RESUME, "x", one, now)
    twice = [release_stops.propose_release_stop(None, STOP, "x", one, now) for _ in range(2)]
    release_stops.settle_release_stop(twice[0].pk, other, now, confirmed=True)
    with pytest.raises(Refused, match="state_conflict"):
        release_stops.settle_release_stop(twice[1].pk, other, now, confirmed=True)
    done(RESUME, None, people, now)
    assert not ReleaseStop.objects.filter(in_force=True).exists()


def test_events_and_mails_tell_of_it(people: tuple[User, User], now: datetime) -> None:
    of_it, _ = make_api_client(now, Scope.GATE_DECIDE)
    other, _ = make_api_client(now, Scope.GATE_DECIDE)
    for client, address in ((of_it, "ops@one.example"), (other, "ops@two.example")):
        ApiClient.objects.filter(pk=client.pk).update(contact_email=address)
    done(STOP, of_it, people, now)
    done(STOP, None, people, now)
    done(RESUME, None, people, now)
    mails = sorted(Mail.objects.values_list("template", "to"))
    assert mails == [
        ("releases_resumed", "ops@one.example"),
        ("releases_resumed", "ops@two.example"),
        ("releases_stopped", "ops@one.example"),
        ("releases_stopped", "ops@one.example"),
        ("releases_stopped", "ops@two.example"),
    ]
    verbs = list(Event.objects.filter(subject_type="releasestop").values_list("verb", flat=True))
    assert verbs == ["propose_stop", "stop_releases"] * 2 + ["propose_resume", "resume_releases"]


def test_the_systems_of_the_platforms_concerned_are_told(
    people: tuple[User, User], now: datetime
) -> None:
    of_it, _ = make_api_client(now, Scope.EVENTS_READ)
    other, _ = make_api_client(now, Scope.EVENTS_READ)
    gone, _ = make_api_client(now, Scope.EVENTS_READ)
    ApiClient.objects.filter(pk=gone.pk).update(revoked_at=now)
    for act, client in ((STOP, of_it), (STOP, None), (RESUME, None)):
        done(act, client, people, now)
    release_stops.propose_release_stop(None, STOP, "names a candidate", people[0], now)
    feed.relay_outbox(now)

    def told(client: ApiClient) -> list[tuple[str, bool]]:
        rows = PlatformEvent.objects.of(client.pk)
        assert all(set(row.payload) == {"all_platforms", "reasons"} for row in rows)
        return [(row.type, row.payload["all_platforms"]) for row in rows]

    of_all = [("releases.stopped", True), ("releases.resumed", True)]
    assert told(of_it) == [("releases.stopped", False), *of_all]
    assert told(other) == of_all and told(gone) == []
    stopped, resumed = PlatformEvent.objects.of(other.pk)
    assert [reason["code"] for reason in stopped.payload["reasons"]] == ["releases_stopped"]
    assert resumed.payload["reasons"] == []


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_no_pass_is_honoured_after_a_stop_was_acknowledged() -> None:
    """Four threads keep spending passes of many employers while releases are stopped and resumed;
    the test counts passes that were sent after an acknowledged stop and honoured.
    """
    now = timezone.now()
    people, left = two_people(now), []
    for _ in range(12):
        member = make_member(now)
        make_case(member, now, State.APPROVED)
        Employer.objects.filter(pk=member.employer_id).update(confirmed_at=now - timedelta(days=60))
        left += [a_pass(member, now, f"c-{n}") for n in range(40)]
    stopped, ended = threading.Event(), threading.Event()
    late, ends = [], set()

    def keep_spending() -> None:
        try:
            while not ended.is_set():
                try:
                    pass_ = left.pop()
                except IndexError:
                    return
                before = stopped.is_set()
                why = why_not(pass_, now)
                ends.add(why)
                if before and stopped.is_set() and not why:
                    late.append(pass_)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=keep_spending) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(6):
            done(STOP, None, people, now)
            stopped.set()
            ended.wait(0.02)
            stopped.clear()
            done(RESUME, None, people, now)
            ended.wait(0.02)
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert late == [] and ends == {"", "releases_stopped"}, ends


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_stop_is_acknowledged_only_after_answers_that_have_not_seen_it() -> None:
    """A decision that has begun before the stop ends before the stop is acknowledged."""
    now = timezone.now()
    people, member = two_people(now), approved(now)
    acknowledged = threading.Event()

    def stop() -> None:
        try:
            done(STOP, None, people, now)
            acknowledged.set()
        finally:
            connections.close_all()

    thread = threading.Thread(target=stop)
    with transaction.atomic():
        assert ask_all(member, ["a"], now) == [""]
        thread.start()
        assert not acknowledged.wait(0.5)
    thread.join(10)
    assert acknowledged.is_set() and ask_all(member, ["b"], now) == ["releases_stopped"]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_backup_does_not_delay_a_stop() -> None:
    """A dump keeps its lock on every table until it ends, which can take hours."""
    now = timezone.now()
    people, acknowledged = two_people(now), threading.Event()

    def stop() -> None:
        try:
            done(STOP, None, people, now)
            acknowledged.set()
        finally:
            connections.close_all()

    thread = threading.Thread(target=stop)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {ReleaseStop._meta.db_table} IN ACCESS SHARE MODE")
        thread.start()
        assert acknowledged.wait(10)
    thread.join(10)


# --- The console ----------------------------------------------------------------------------------


def test_two_people_stop_and_resume_in_the_console(
    people: tuple[User, User], live: Live, now: datetime
) -> None:
    one, other = (sign_in(person) for person in people)
    typed = {"act": "stop", "client": str(live.client.pk), "why": "a leak"}
    made = one.post("/console/downloads/releasestop/add/", typed)
    assert made.status_code == 302
    assert one.post(made["Location"], {"settle": "confirm"}).status_code == 302
    assert reasons(live) == []
    assert other.post(made["Location"], {"settle": "confirm"}).status_code == 302
    assert reasons(live) == ["releases_stopped"]
    assert live.client.name in other.get(made["Location"]).content.decode()
    assert other.get("/console/downloads/releasestop/").status_code == 200
