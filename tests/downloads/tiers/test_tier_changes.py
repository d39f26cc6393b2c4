"""Tests that an employer's tier changes only for a reason, by a rule or two people, and that the
gate knows at once.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from downloads.models import Contact, GateDecision, Move, Standing
from downloads.rules.ladder import RESTRICTED, STEP_UP, Tier
from downloads.tiers import tier_changes
from employers.models import Employer, Member, User
from events.core.actor import SYSTEM
from events.core.errors import Refused
from events.core.reasons import REASONS
from events.delivery.mail import mail_message
from events.models import Event, Mail
from tests.downloads.gate.test_quotas import approved, ask_all
from tests.factories import make_colleague, make_employer, make_linked_client, make_reviewer
from verification.models import Proof, ProofKind, ProofState, RegistryRecord


@pytest.fixture
def member(now: datetime, db: None) -> Member:
    return approved(now, days=60)


def tier(member: Member, now: datetime) -> str:
    """Return the tier according to the gate."""
    ask_all(member, [str(uuid4())], now)
    return (
        GateDecision.objects.filter(employer_id=member.employer_id)
        .latest("decided_at", "used_day")
        .tier
    )


def test_a_restriction_bites_at_once_and_its_end_too(member: Member, now: datetime) -> None:
    tier_changes.change_tier(
        member.employer_id, Tier.RESTRICTED, SYSTEM, now, until=now + timedelta(hours=2)
    )
    assert ask_all(member, ["a"], now) == ["employer_restricted"]
    assert ask_all(member, ["a"], now + timedelta(hours=2)) == [""]
    tier_changes.change_tier(member.employer_id, Tier.PROVISIONAL, SYSTEM, now)
    assert tier(member, now + timedelta(hours=3)) == "provisional"
    assert tier_changes.lift_override(
        member.employer_id, SYSTEM, now
    ) and not tier_changes.lift_override(member.employer_id, SYSTEM, now)
    assert tier(member, now + timedelta(hours=4)) == "established"


def test_each_move_is_on_record_and_told(member: Member, now: datetime) -> None:
    tier_changes.change_tier(member.employer_id, Tier.RESTRICTED, SYSTEM, now, reason=STEP_UP)
    tier_changes.change_tier(member.employer_id, Tier.PROVISIONAL, SYSTEM, now)
    tier_changes.change_tier(member.employer_id, Tier.ESTABLISHED, SYSTEM, now)
    tier_changes.lift_override(member.employer_id, SYSTEM, now)
    events = Event.objects.filter(employer_id=member.employer_id, subject_type="standing").order_by(
        "id"
    )
    assert [(event.verb, event.from_state, event.to_state) for event in events] == [
        ("step_up", "", "restricted"),
        ("demote", "restricted", "provisional"),
        ("promote", "provisional", "established"),
        ("release", "established", ""),
    ]
    told = [
        mail_message(mail, "https://zizhi.example", now)
        for mail in Mail.objects.filter(template="standing_moved").order_by("pk")
    ]
    assert len(told) == 4 and len({mail.subject for mail in told}) == 4
    assert (
        "重新证明授权" in told[0].body
        and "申诉" in told[0].body
        and "/downloads/restriction/" in told[0].body
    )
    assert "/downloads/restriction/" in told[1].body and "/case/" in told[2].body


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_smaller_quota_promises_what_a_rule_gives_and_no_more(
    language: str, member: Member, now: datetime
) -> None:
    """A rule's demotion ends by its date, people's only by people: a clean record ends neither."""
    User.objects.filter(pk=member.user_id).update(language=language)
    for until in (now + timedelta(days=30), None):
        tier_changes.change_tier(member.employer_id, Tier.PROVISIONAL, SYSTEM, now, until=until)
    timed, kept = (
        mail_message(mail, "https://zizhi.example", now).body
        for mail in Mail.objects.filter(template="standing_moved").order_by("pk")
    )
    end = "24 December 2026" if language == "en" else "2026年12月24日"
    assert end in timed and end not in kept
    for body in (timed, kept):
        assert ("appeal" if language == "en" else "申诉") in body
        assert "clean record" not in body and "良好记录" not in body


def test_an_appeal_is_promised_where_there_is_one() -> None:
    for code in (RESTRICTED, STEP_UP):
        reason = REASONS[code]
        assert reason.appeal and "申诉" in reason.fix.zh and "appeal" in reason.fix.en


def test_a_move_opens_nothing_that_the_case_does_not(member: Member, now: datetime) -> None:
    tier_changes.change_tier(member.employer_id, Tier.ESTABLISHED, SYSTEM, now)
    assert ask_all(member, ["a"], member.employer.cases.get().expires_at) == ["employer_expired"]


def test_by_two_people(member: Member, now: datetime) -> None:
    reviewer, senior = make_colleague(now, "Reviewers"), make_colleague(now, "Seniors")
    proposed = tier_changes.propose_tier_change(
        member.employer_id, Tier.RESTRICTED, "sold resumes", None, senior, now
    )
    assert ask_all(member, ["a"], now) == [""], "a proposal changes nothing yet"
    for who, code in ((reviewer, "not_allowed"), (senior, "second_person_required")):
        with pytest.raises(Refused, match=code):
            tier_changes.settle_tier_change(proposed.pk, who, now, confirmed=True)
    tier_changes.settle_tier_change(proposed.pk, make_reviewer(now), now, confirmed=True)
    assert ask_all(member, ["b"], now) == ["employer_restricted"]
    with pytest.raises(Refused, match="state_conflict"):
        tier_changes.settle_tier_change(proposed.pk, make_reviewer(now), now, confirmed=True)
    back = tier_changes.propose_tier_change(
        member.employer_id, "", "it was not them", None, reviewer, now
    )
    tier_changes.settle_tier_change(back.pk, senior, now, confirmed=True)
    assert ask_all(member, ["b"], now) == [""]


def test_a_dropped_proposal_does_nothing(member: Member, now: datetime) -> None:
    senior = make_colleague(now, "Seniors")
    proposed = tier_changes.propose_tier_change(
        member.employer_id, Tier.RESTRICTED, "a doubt", None, senior, now
    )
    tier_changes.settle_tier_change(proposed.pk, senior, now, confirmed=False)
    assert not Standing.objects.exists() and not Move.objects.get().confirmed
    with pytest.raises(Refused, match="not_allowed"):
        tier_changes.propose_tier_change(
            member.employer_id, "", "…", None, make_colleague(now, "Auditors"), now
        )


def prove(
    member: Member,
    at: datetime,
    kind: ProofKind = ProofKind.BANK_DEPOSIT,
    name: str = "",
    shown: str = "",
) -> None:
    Proof.objects.create(
        employer=member.employer,
        member=member,
        uscc=member.employer.uscc,
        kind=kind,
        state=ProofState.PROVEN,
        shown=shown,
        started_at=at,
        proven_at=at,
        expires_at=at,
        due_at=at,
        observed={"name": name or member.employer.name},
    )


def test_a_fresh_proof_lifts_a_step_up_and_an_old_one_does_not(
    member: Member, now: datetime
) -> None:
    prove(member, now - timedelta(days=1))
    tier_changes.change_tier(member.employer_id, Tier.RESTRICTED, SYSTEM, now, reason=STEP_UP)
    assert ask_all(member, ["a"], now) == ["employer_step_up"]
    assert tier_changes.lift_step_ups(now) == 0
    prove(member, now + timedelta(minutes=1))
    assert tier_changes.lift_step_ups(now + timedelta(minutes=2)) == 1
    assert ask_all(member, ["a"], now) == [""]


@pytest.mark.parametrize(
    ("hours", "later"),
    [(None, "provisional"), (48, "provisional"), (1, "established")],
    ids=["for good", "for a while", "ended meanwhile"],
)
def test_a_step_up_goes_back_to_what_was_before(
    member: Member, now: datetime, hours: int | None, later: str
) -> None:
    until = now + timedelta(hours=hours) if hours else None
    tier_changes.change_tier(
        member.employer_id, Tier.PROVISIONAL, SYSTEM, now - timedelta(days=1), until=until
    )
    for again in range(2):
        tier_changes.change_tier(
            member.employer_id,
            Tier.RESTRICTED,
            SYSTEM,
            now + timedelta(minutes=again),
            reason=STEP_UP,
        )
    prove(member, now + timedelta(minutes=2))
    lifted = now + timedelta(hours=2)
    assert tier_changes.lift_step_ups(lifted) == 1
    assert tier(member, lifted) == later
    assert list(Standing.objects.values_list("until", flat=True)) == (
        [until] if later == "provisional" else []
    )


def test_what_two_people_did_meanwhile_stays(
    member: Member, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others may change the tier between a rule's decision and its lock."""
    tier_changes.change_tier(member.employer_id, Tier.RESTRICTED, SYSTEM, now, reason=STEP_UP)

    def shown(*_: object) -> bool:
        return tier_changes.change_tier(
            member.employer_id, Tier.RESTRICTED, SYSTEM, now + timedelta(minutes=2)
        )

    prove(member, now + timedelta(minutes=1))
    monkeypatch.setattr(tier_changes, "shown_anew", shown)
    assert tier_changes.lift_step_ups(now + timedelta(minutes=3)) == 0
    assert ask_all(member, ["a"], now + timedelta(minutes=3)) == ["employer_restricted"]
    assert not tier_changes.change_tier(
        member.employer_id, Tier.ESTABLISHED, SYSTEM, now, basis=tier_changes.Basis(None)
    )


def test_a_weak_proof_lifts_nothing(member: Member, now: datetime) -> None:
    tier_changes.change_tier(member.employer_id, Tier.RESTRICTED, SYSTEM, now, reason=STEP_UP)
    begun = now + timedelta(minutes=1)
    prove(member, begun, ProofKind.COMPANY_EMAIL, shown="a@anybody.example")
    prove(member, begun, ProofKind.BANK_DEPOSIT, name="another company")
    assert tier_changes.lift_step_ups(now + timedelta(minutes=2)) == 0
    RegistryRecord.objects.create(
        uscc=member.employer.uscc,
        name=member.employer.name,
        status="存续",
        email_domain="anybody.example",
        as_of=now.date(),
    )
    assert tier_changes.lift_step_ups(now + timedelta(minutes=2)) == 1


def test_abandoned_step_ups_starve_nobody(member: Member, now: datetime) -> None:
    override = {"tier": Tier.RESTRICTED, "reason": STEP_UP, "moved_at": now - timedelta(days=1)}
    Standing.objects.bulk_create(
        Standing(employer=make_employer(now), **override) for _ in range(201)
    )
    tier_changes.change_tier(member.employer_id, Tier.RESTRICTED, SYSTEM, now, reason=STEP_UP)
    prove(member, now + timedelta(minutes=1))
    assert tier_changes.lift_step_ups(now + timedelta(minutes=2)) == 1


def test_contacts_are_reported_once_by_who_asked(client: Client, member: Member) -> None:
    now = timezone.now()
    (api_client, key), (_, other) = make_linked_client(now), make_linked_client(now)
    ask_all(member, ["a"], now, api_client.pk)
    decision = GateDecision.objects.get()

    def report(key: str, decision_id: UUID) -> int:
        body = {"decision_id": str(decision_id)}
        headers = {"Authorization": f"Bearer {key}"}
        return client.post(
            "/api/v1/gate/contacts", body, content_type="application/json", headers=headers
        ).status_code

    assert [
        report(other, decision.pk),
        report(key, uuid4()),
        report(key, decision.pk),
        report(key, decision.pk),
    ] == [404, 404, 204, 204]
    assert Contact.objects.get().uscc == member.employer.uscc


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_no_answer_allows_after_a_restriction_was_acknowledged() -> None:
    """Before an employer's first change of tier there is no row to lock, so the company's lock must
    suffice.
    """
    now = timezone.now()
    members = [approved(now, days=60) for _ in range(25)]
    Employer.objects.update(name="示例")
    acknowledged: set[UUID] = set()
    late, stop = [], threading.Event()

    def keep_asking() -> None:
        try:
            while not stop.is_set():
                for member in members:
                    before = member.employer_id in acknowledged
                    if before and not ask_all(member, [str(uuid4())], timezone.now())[0]:
                        late.append(member.pk)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=keep_asking) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for member in members:
            tier_changes.change_tier(member.employer_id, Tier.RESTRICTED, SYSTEM, timezone.now())
            acknowledged.add(member.employer_id)
        stop.wait(0.3)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert late == []
