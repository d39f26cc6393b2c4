"""Tests of candidates' settings: the gate follows them from the acknowledgement on, and platforms'
updates hold.
"""

from __future__ import annotations

import itertools
import threading
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.test import Client
from django.utils import timezone

from downloads.candidates import consents, operations
from downloads.gate import decide, ladder_versions
from downloads.models import BlockedEmployer, Candidate, Consent, GateDecision, Mode, PassUse
from downloads.releases import passes
from downloads.rules.ladder import FIRST, Ladder, Rights, Tier
from employers.accounts.api_clients import create_api_client
from employers.models import Scope
from events.core.actor import Actor, Role
from events.core.errors import Refused
from events.models import Event
from tests.downloads.platform import SHANGHAI, Live, Platform
from tests.factories import make_case, make_member, make_uscc
from verification.rules.states import State

ONE = Actor(Role.CANDIDATE, "one")


@pytest.fixture
def platform(db: None) -> Platform:
    return Platform()


@pytest.fixture
def live(now: datetime, db: None) -> Live:
    return Live(now)


# --- The gate -------------------------------------------------------------------------------------


def test_each_mode_and_block_is_answered_with_its_reason(platform: Platform) -> None:
    assert platform.why_not("nobody-told-us") == ""
    platform.put("asked", "ask_first")
    platform.put("told", "tell_after")
    platform.put("closed", "closed")
    platform.put("blocks", "tell_after", blocked=[{"employer_id": platform.employer}])
    reasons = {
        reference: platform.why_not(reference)
        for reference in ("asked", "told", "closed", "blocks")
    }
    assert reasons == {
        "asked": "candidate_no_consent",
        "told": "",
        "closed": "candidate_closed",
        "blocks": "candidate_blocked_employer",
    }


def test_a_no_of_the_candidate_uses_no_quota_and_the_order_stays(live: Live, now: datetime) -> None:
    live.candidate(now, "closed", Mode.CLOSED)
    rights = FIRST.rights[Tier.PROVISIONAL]
    for n in range(rights.per_hour - 1):
        assert live.ask(now, f"c-{n}").allowed
    for _ in range(4):
        assert live.ask(now, "closed").reasons[0].code == "candidate_closed"
    asked = ["closed", "last", "closed", "over"]
    answers = decide.decide_all(
        client_id=live.client.pk,
        employer_id=live.employer.pk,
        member_id=live.member.pk,
        candidates=asked,
        now=now,
        zone=SHANGHAI,
    )
    codes = [answer.reasons[0].code if answer.reasons else "" for answer in answers]
    assert codes == ["candidate_closed", "", "candidate_closed", "quota_hour"]


def test_who_is_held_learns_nothing_of_the_candidate(live: Live, now: datetime) -> None:
    live.candidate(now, "closed", Mode.CLOSED)
    unapproved = make_member(now)
    assert live.ask(now, "closed", unapproved).reasons[0].code == "employer_not_approved"


def test_another_platforms_candidate_is_another(live: Live, now: datetime) -> None:
    live.candidate(now, "c-1", Mode.CLOSED)
    assert not live.ask(now).allowed
    other = Live(now)
    assert other.ask(now).allowed


def test_what_a_platform_declares_counts_for_whom_it_has_not_told_of(platform: Platform) -> None:
    assert platform.call("get", "/candidate-default") == {
        "mode": "tell_after",
        "basis": "",
        "declared_at": None,
        "http": 200,
    }
    assert (
        platform.call("put", "/candidate-default", {"mode": "ask_first", "basis": ""})["http"]
        == 422
    )
    declared = platform.call(
        "put", "/candidate-default", {"mode": "ask_first", "basis": "nothing of our own"}
    )
    assert declared["http"] == 200 and declared["declared_at"]
    assert platform.why_not("unknown") == "candidate_no_consent"
    platform.put("known", "tell_after")
    assert platform.why_not("known") == ""


def test_the_deployment_says_what_counts_where_nobody_has(
    platform: Platform, settings: Any
) -> None:
    settings.CANDIDATES_DEFAULT = "ask_first"
    assert platform.why_not("unknown") == "candidate_no_consent"


@pytest.mark.parametrize("change", ["closed", "blocked", "revoked"])
def test_a_pass_is_refused_once_the_candidate_has_changed_their_mind(
    change: str, live: Live, now: datetime
) -> None:
    candidate = live.candidate(now)
    pass_ = live.a_pass(now)
    if change == "closed":
        live.candidate(now, mode=Mode.CLOSED)
    elif change == "blocked":
        operations.block_employer(candidate.pk, live.employer.uscc, "", ONE, now)
    else:
        consents.revoke_consent(candidate.pk, live.employer.uscc, ONE, now)
    with pytest.raises(Refused) as refused:
        passes.spend_pass(pass_, client_id=live.client.pk, now=now)
    assert refused.value.code == (
        "candidate_closed" if change == "closed" else "candidate_blocked_employer"
    )
    assert PassUse.objects.get().reason == refused.value.code, "the attempt is recorded"


def test_a_block_is_the_companys_not_the_accounts(live: Live, now: datetime) -> None:
    candidate = live.candidate(now)
    operations.block_employer(candidate.pk, live.employer.uscc, "", ONE, now)
    assert live.ask(now).reasons[0].code == "candidate_blocked_employer"
    stranger = make_member(now)
    make_case(stranger, now, State.APPROVED)
    assert live.ask(now, member=stranger).allowed
    operations.unblock_employer(candidate.pk, live.employer.uscc, ONE, now)
    assert live.ask(now).allowed


# --- Updates by the platform ----------------------------------------------------------------------


def test_said_twice_is_the_same_as_once(platform: Platform) -> None:
    body: dict[str, Any] = {
        "email": "lin@home.test",
        "language": "en",
        "blocked": [{"uscc": make_uscc()}],
    }
    first, second = platform.put(**body), platform.put(**body)
    assert (first.pop("http"), second.pop("http")) == (201, 200) and first == second
    assert Event.objects.filter(verb="put_candidate").count() == 1
    assert "email" not in first and first["reachable"] is True
    assert platform.call("get", "/candidates/c-1")["mode"] == "ask_first"


def test_the_address_rests_sealed_and_a_new_one_ends_the_old_links(
    live: Live, now: datetime
) -> None:
    candidate = live.candidate(now, email="lin@home.example")
    assert (
        "lin" not in candidate.email_sealed and operations.email_of(candidate) == "lin@home.example"
    )
    again = live.candidate(now, email="lin@new.example")
    assert again.pk == candidate.pk and again.link_version == candidate.link_version + 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"email": "no address"}, "email_invalid"),
        ({"email": "lin@home.example"}, "test_email_required"),
        ({"blocked": [{"uscc": "91990101000000106X"}]}, "uscc_invalid"),
        (
            {"blocked": [{"employer_id": "00000000-0000-4000-8000-000000000000"}]},
            "employer_unknown",
        ),
        ({"mode": "whatever"}, "invalid_request"),
    ],
)
def test_what_cannot_be_is_refused(body: dict[str, Any], code: str, platform: Platform) -> None:
    assert platform.put(**body)["code"] == code
    assert not Candidate.objects.exists()


def test_the_platform_takes_its_blocks_back_but_not_the_candidates_own(
    live: Live, now: datetime
) -> None:
    told, own = make_uscc(), make_uscc()
    candidate, _ = operations.put_candidate(
        live.client, "c-1", operations.Told(Mode.TELL_AFTER, blocked={told: ""}), now
    )
    operations.block_employer(candidate.pk, own, "", ONE, now)
    operations.put_candidate(live.client, "c-1", operations.Told(Mode.TELL_AFTER), now)
    assert list(BlockedEmployer.objects.values_list("uscc", flat=True)) == [own]


def test_erased_contact_data_are_gone_and_nothing_leaves(platform: Platform) -> None:
    platform.put(mode="tell_after", email="lin@home.test")
    assert platform.take()["http"] == 200
    assert platform.call("delete", "/candidates/c-1")["http"] == 204
    row = Candidate.objects.get()
    assert (row.email_sealed, row.mode) == ("", Mode.CLOSED) and row.erased_at
    assert platform.why_not() == "candidate_closed"
    assert len(platform.call("get", "/candidates/c-1/releases")["data"]) == 1, (
        "releases stay on record"
    )
    assert platform.call("post", "/candidates/c-1/link")["code"] == "candidate_unknown"
    platform.put(mode="tell_after")
    assert platform.call("get", "/candidates/c-1")["erased_at"] is None


def test_a_stranger_is_nobodys_candidate(platform: Platform) -> None:
    platform.put()
    other = Platform.__new__(Platform)
    other.client, other.key = create_api_client("another", list(Scope), timezone.now(), test=True)
    paths = [
        ("get", "/candidates/c-1"),
        ("delete", "/candidates/c-1"),
        ("post", "/candidates/c-1/link"),
        ("get", "/candidates/c-1/consents"),
    ]
    assert {other.call(method, path)["http"] for method, path in paths} == {404}


def test_every_recipe_is_what_it_says(platform: Platform) -> None:
    recipes = platform.call("post", "/test/candidates")["data"]
    first = {recipe["candidate"]: platform.why_not(recipe["candidate"]) for recipe in recipes}
    assert first == {
        "try-told": "",
        "try-asked": "candidate_no_consent",
        "try-agrees": "candidate_no_consent",
        "try-refuses": "candidate_no_consent",
        "try-closed": "candidate_closed",
        "try-blocks": "candidate_blocked_employer",
    }
    states = {
        name: platform.ask(name)["state"] for name in ("try-asked", "try-agrees", "try-refuses")
    }
    assert states == {"try-asked": "open", "try-agrees": "agreed", "try-refuses": "refused"}
    assert platform.why_not("try-agrees") == ""


@pytest.mark.django_db
def test_what_a_tests_candidates_are_mailed_its_platform_reads_and_no_other() -> None:
    """The recipes' addresses are the same in every test, so the link in a mail decides which
    candidate it is for.
    """
    ours, others = Platform(), Platform()
    for platform in (ours, others):
        platform.call("post", "/test/candidates")
    ours.ask("try-asked")
    others.take("try-told")
    shown = {platform: platform.call("get", "/test/mails")["data"] for platform in (ours, others)}
    to_candidates = {
        platform: [mail for mail in mails if mail["to"].endswith("@candidate.test")]
        for platform, mails in shown.items()
    }
    (asked,), (told,) = to_candidates[ours], to_candidates[others]
    assert (asked["to"], asked["template"]) == ("try-asked@candidate.test", "candidate_asked")
    assert (told["to"], told["template"]) == ("try-told@candidate.test", "candidate_told")
    (address,) = [line for line in told["text"].splitlines() if "/mine/" in line]
    assert Client().get("/mine/" + address.split("/mine/")[1].strip()).status_code == 302, (
        "the link opens the candidate's page"
    )


# --- Concurrency ----------------------------------------------------------------------------------


def _keep_asking(
    live: Live,
    references: list[str],
    seen: dict[str, str],
    stop: threading.Event,
    log: dict[str, Any],
) -> None:
    """Ask about the candidates in turn, and spend the passes, until `stop`.

    A yes that was asked for after an acknowledgement is late.
    """
    for n in itertools.count():
        if stop.is_set():
            break
        reference = references[n % len(references)]
        acknowledged = reference in seen
        try:
            answer = live.ask(timezone.now(), reference)
            code = answer.reasons[0].code if answer.reasons else "yes"
            if answer.allowed:
                acknowledged_before_spending = reference in seen
                pass_ = passes.issue_pass(
                    answer.id, live.client.pk, live.employer.pk, live.member.pk
                )
                try:
                    passes.spend_pass(pass_, client_id=live.client.pk, now=timezone.now())
                    if acknowledged_before_spending:
                        log["late"].append(("spent", reference))
                except Refused as refused:
                    log["codes"].append(refused.code)
            if acknowledged and answer.allowed:
                log["late"].append(("answered", reference))
            log["codes"].append(code)
        except DatabaseError as error:
            log["errors"].append(error)
    connections.close_all()


def _until(log: dict[str, Any], code: str, times: int) -> None:
    """Wait until this answer came so many times, because the machine may be slow."""
    for _ in range(600):
        if log["codes"].count(code) >= times or log["errors"]:
            return
        threading.Event().wait(0.05)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("change", ["revoked", "blocked", "closed"])
def test_no_answer_and_no_pass_is_a_yes_after_it_was_acknowledged(
    change: str, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    plenty = {
        tier: Rights(True, 100_000, 100_000, 100_000, rights.obligations)
        if rights.download
        else rights
        for tier, rights in FIRST.rights.items()
    }
    ladder = Ladder("test", plenty, FIRST.provisional_for)
    monkeypatch.setattr(ladder_versions, "until_in_force", lambda: iter([ladder]))
    monkeypatch.setattr("downloads.gate.sql._IN_FORCE", "TRUE")
    live = Live(timezone.now())
    references = [f"c-{n}" for n in range(25)]
    rows = {}
    for reference in references:
        rows[reference] = live.candidate(
            timezone.now(),
            reference,
            Mode.ASK_FIRST if change == "revoked" else Mode.TELL_AFTER,
            "",
        )
        if change == "revoked":
            then = timezone.now()
            given = consents.Given(
                live.employer, "hr@x.example", [], "e-1", then, then + timedelta(days=9)
            )
            consents.give_consent(live.client, reference, given, timezone.now())
    seen: dict[str, str] = {}
    log: dict[str, Any] = {"late": [], "codes": [], "errors": []}
    stop = threading.Event()
    threads = [
        threading.Thread(target=_keep_asking, args=(live, references, seen, stop, log))
        for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    why = "candidate_closed" if change == "closed" else "candidate_blocked_employer"
    try:
        _until(log, "yes", 10)
        for reference in references:
            if change == "revoked":
                consents.revoke_consent(rows[reference].pk, live.employer.uscc, ONE, timezone.now())
            elif change == "blocked":
                operations.block_employer(
                    rows[reference].pk, live.employer.uscc, "", ONE, timezone.now()
                )
            else:
                live.candidate(timezone.now(), reference, Mode.CLOSED, "")
            seen[reference] = change
        _until(log, why, 25)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert log["late"] == [] and log["errors"] == []
    assert log["codes"].count("yes") >= 10 and log["codes"].count(why) >= 25, {
        code: log["codes"].count(code) for code in set(log["codes"])
    }


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_what_is_blocked_again_meanwhile_is_blocked_under_the_companys_lock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The block exists when the locks are taken, and is gone when it is written, because another
    call of the platform removed it.
    """
    live, now = Live(timezone.now()), timezone.now()
    told = operations.Told(Mode.TELL_AFTER, blocked={live.employer.uscc: ""})
    row, _ = operations.put_candidate(live.client, "c-1", told, now)
    truly, took = operations.locked_candidate, list[str]()
    monkeypatch.setattr("downloads.locks.lock_company", took.append)

    def locked(candidate_id: UUID) -> Candidate:
        def take_back() -> None:
            operations.put_candidate(
                live.client, "c-1", operations.Told(Mode.TELL_AFTER), timezone.now()
            )
            connections.close_all()

        monkeypatch.setattr(operations, "locked_candidate", truly)
        other = threading.Thread(target=take_back)
        other.start()
        other.join()
        return truly(candidate_id)

    monkeypatch.setattr(operations, "locked_candidate", locked)
    operations.put_candidate(live.client, "c-1", told, now)
    assert [block.uscc for block in row.blocked.all()] == [live.employer.uscc]
    assert took == [live.employer.uscc] * 2, "one for removing it, and one for blocking again"


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_the_candidates_rows_are_found_by_their_indexes(now: datetime) -> None:
    live = Live(now)
    Candidate.objects.bulk_create(
        Candidate(
            client_id=live.client.pk,
            reference=f"r-{n}",
            mode=Mode.ASK_FIRST,
            told_at=now,
            changed_at=now,
        )
        for n in range(20_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE downloads_candidate")
        cursor.execute(
            "EXPLAIN SELECT id, mode FROM downloads_candidate WHERE client_id = %s AND reference IN"
            " (SELECT candidate FROM unnest(%s::text[]) AS a (candidate)) FOR SHARE",
            [live.client.pk, ["r-1", "r-2"]],
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "candidate_reference_once" in plan and "Seq Scan on downloads_candidate" not in plan, (
        plan
    )
    assert GateDecision.objects.count() == 0 and Consent.objects.count() == 0


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("change", ["revoked", "blocked", "closed"])
def test_a_question_that_comes_meanwhile_waits_and_hears_the_new_word(
    change: str, now: datetime
) -> None:
    """A request between the change and its commit is decided after it: no yes is written after an
    acknowledgement.
    """
    live = Live(timezone.now())
    candidate = live.candidate(timezone.now())
    heard: list[str] = []

    def ask() -> None:
        answer = live.ask(timezone.now())
        heard.append(answer.reasons[0].code if answer.reasons else "yes")
        connections.close_all()

    thread = threading.Thread(target=ask)
    with transaction.atomic():
        if change == "revoked":
            consents.revoke_consent(candidate.pk, live.employer.uscc, ONE, timezone.now())
        elif change == "blocked":
            operations.block_employer(candidate.pk, live.employer.uscc, "", ONE, timezone.now())
        else:
            live.candidate(timezone.now(), mode=Mode.CLOSED)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive() and heard == []
    thread.join(20)
    assert heard == ["candidate_closed" if change == "closed" else "candidate_blocked_employer"]
