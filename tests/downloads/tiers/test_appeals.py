"""Tests that every restriction can be appealed: shown, answered by somebody else, lifted at once,
announced and measured.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.db import IntegrityError, connections, transaction
from django.test import Client
from django.utils import timezone

from downloads.models import GateDecision, Move, MoveAppeal, Outcome, Standing
from downloads.rules.ladder import RESTRICTED, STEP_UP, Tier
from downloads.tiers import abuse_watch, appeals, tier_changes
from employers.models import Member, User
from events.core import event_types
from events.core.actor import SYSTEM
from events.core.errors import Refused
from events.core.reasons import REASONS
from events.delivery import feed
from events.delivery.mail import mail_message
from events.models import Event, Mail, PlatformEvent
from tests.downloads.gate.test_quotas import CLIENT, approved, ask_all
from tests.downloads.tiers.test_tier_changes import prove
from tests.employers.accounts.phone_codes import NUMBER, OTHER, by_phone_alone
from tests.factories import (
    make_colleague,
    make_link,
    make_linked_client,
    make_member,
    make_reviewer,
    sign_in,
)
from verification.cases import turnaround

SHANGHAI = ZoneInfo("Asia/Shanghai")
PAGE = "/downloads/restriction/"


@pytest.fixture
def member(now: datetime, db: None) -> Member:
    return approved(now, days=60)


@pytest.fixture(autouse=True)
def _nothing_is_kept() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def restrict(
    member: Member,
    now: datetime,
    reason: str = RESTRICTED,
    tier: Tier = Tier.RESTRICTED,
    **more: Any,
) -> Event:
    tier_changes.change_tier(
        member.employer_id,
        tier,
        SYSTEM,
        now,
        reason=reason if tier is Tier.RESTRICTED else "",
        **more,
    )
    move = tier_changes.last_move(member.employer_id)
    assert move is not None
    return move


def say(
    member: Member, now: datetime, words: str = "我们在招聘二十名夜班护士，所以夜里下载。"
) -> MoveAppeal:
    found = appeals.restriction_of(member.employer_id, now)
    assert found is not None
    return appeals.appeal_tier_change(member, found.move.pk, words, now)


def reply(
    said: MoveAppeal, user: User, now: datetime, *, lift: bool, words: str = "已核实。"
) -> MoveAppeal:
    return appeals.answer_appeal(said.pk, user, user.as_reviewer(), now, lift=lift, reply=words)


def by_two(member: Member, now: datetime) -> tuple[User, User]:
    first, second = make_colleague(now, "Reviewers"), make_colleague(now, "Seniors")
    proposed = tier_changes.propose_tier_change(
        member.employer_id, Tier.RESTRICTED, "a doubt", None, first, now
    )
    tier_changes.settle_tier_change(proposed.pk, second, now, confirmed=True)
    return first, second


@pytest.mark.parametrize(
    ("reason", "tier"),
    [(RESTRICTED, Tier.RESTRICTED), (STEP_UP, Tier.RESTRICTED), ("", Tier.PROVISIONAL)],
)
def test_what_a_rule_did_one_reviewer_lifts_at_once(
    member: Member, now: datetime, reason: str, tier: Tier
) -> None:
    restrict(member, now, reason, tier)
    said = say(member, now)
    reply(said, make_colleague(now, "Reviewers"), now + timedelta(minutes=5), lift=True)
    assert not Standing.objects.exists() and ask_all(member, [str(uuid4())], now) == [""]
    assert MoveAppeal.objects.get().outcome == Outcome.LIFTED
    verbs = [
        event.verb for event in Event.objects.filter(employer_id=member.employer_id).order_by("id")
    ]
    assert verbs[-3:] == ["appeal", "lift", "release"]
    told = [
        mail_message(mail, "https://zizhi.example", now) for mail in Mail.objects.order_by("pk")
    ]
    assert "已核实。" in told[-1].body and PAGE in told[1].body


def test_what_is_kept_is_told_with_its_reason_and_can_be_said_again_later(
    member: Member, now: datetime
) -> None:
    restrict(member, now)
    reviewer = make_colleague(now, "Reviewers")
    with pytest.raises(Refused, match="words_missing"):
        reply(say(member, now), reviewer, now, lift=False, words="  ")
    reply(MoveAppeal.objects.get(), reviewer, now, lift=False, words="请提供岗位说明。")
    assert ask_all(member, ["a"], now) == ["employer_restricted"]
    body = mail_message(
        Mail.objects.filter(template="restriction_kept").get(), "https://zizhi.example", now
    ).body
    assert "请提供岗位说明。" in body and PAGE in body
    with pytest.raises(Refused, match="appeal_again_later"):
        say(member, now + timedelta(days=6))
    assert say(member, now + appeals.AGAIN_AFTER).pk != MoveAppeal.objects.order_by("pk")[0].pk


def test_something_new_is_heard_at_once(member: Member, now: datetime) -> None:
    restrict(member, now)
    reply(say(member, now), make_colleague(now, "Reviewers"), now, lift=False)
    prove(member, now + timedelta(minutes=1))
    assert say(member, now + timedelta(minutes=2)).answered_at is None


def test_one_at_a_time_by_an_owner_and_with_words(member: Member, now: datetime) -> None:
    with pytest.raises(Refused, match="restriction_none"):
        appeals.appeal_tier_change(member, 1, "…", now)
    move = restrict(member, now)
    colleague = make_member(now, member.employer, role="recruiter")
    for who, move_id, words, code in (
        (colleague, move.pk, "…", "restriction_owner_only"),
        (member, move.pk, "  ", "words_missing"),
        (member, move.pk - 1, "…", "state_conflict"),
    ):
        with pytest.raises(Refused, match=code):
            appeals.appeal_tier_change(who, move_id, words, now)
    said = say(member, now)
    with pytest.raises(Refused, match="appeal_open"):
        say(member, now)
    with pytest.raises(IntegrityError), transaction.atomic():
        MoveAppeal.objects.create(
            employer=member.employer, move=said.move, text="…", by=member.user, at=now, due_at=now
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        MoveAppeal.objects.filter(pk=said.pk).update(outcome=Outcome.KEPT, answered_at=now)


def test_nothing_is_to_be_said_against_a_larger_quota(member: Member, now: datetime) -> None:
    tier_changes.change_tier(member.employer_id, Tier.ESTABLISHED, SYSTEM, now)
    assert appeals.restriction_of(member.employer_id, now) is None


def test_who_moved_it_does_not_answer_and_what_two_did_takes_a_senior(
    member: Member, now: datetime
) -> None:
    first, second = by_two(member, now)
    first.groups.set(second.groups.all())
    first = User.objects.get(pk=first.pk)
    said = say(member, now)
    for who, code in ((first, "another_reviewer_required"), (second, "another_reviewer_required")):
        with pytest.raises(Refused, match=code):
            reply(said, who, now, lift=True)
    for group in ("Reviewers", "Auditors"):
        with pytest.raises(Refused, match="not_allowed"):
            reply(said, make_colleague(now, group), now, lift=True)
    reply(said, make_colleague(now, "Seniors"), now, lift=True)
    assert ask_all(member, ["a"], now) == [""]
    assert Move.objects.get().confirmed, "the decision of two people stays on record"


def test_an_answer_is_given_once(member: Member, now: datetime) -> None:
    restrict(member, now)
    said, reviewer = say(member, now), make_colleague(now, "Reviewers")
    reply(said, reviewer, now, lift=False)
    with pytest.raises(Refused, match="appeal_none"):
        reply(said, reviewer, now, lift=True)
    assert ask_all(member, ["a"], now) == ["employer_restricted"]


def test_another_move_overtakes_an_appeal(member: Member, now: datetime) -> None:
    restrict(member, now, STEP_UP)
    said = say(member, now)
    restrict(member, now + timedelta(minutes=1))
    said.refresh_from_db()
    assert (said.outcome, said.answered_by) == (Outcome.OVERTAKEN, None)
    found = appeals.restriction_of(member.employer_id, now + timedelta(minutes=1))
    assert found is not None and found.appeals == () and appeals.overtaken_before(found) == said
    assert say(member, now + timedelta(minutes=2)).answered_at is None


def test_a_proof_overtakes_an_appeal_against_a_step_up(member: Member, now: datetime) -> None:
    restrict(member, now, STEP_UP)
    said = say(member, now)
    prove(member, now + timedelta(minutes=1))
    assert tier_changes.lift_step_ups(now + timedelta(minutes=2)) == 1
    said.refresh_from_db()
    assert said.outcome == Outcome.OVERTAKEN


def test_what_ended_by_itself_is_lifted_by_nobody(member: Member, now: datetime) -> None:
    until = now + timedelta(hours=1)
    restrict(member, now, until=until)
    said, reviewer = say(member, now), make_colleague(now, "Reviewers")
    assert appeals.end_overtaken(now) == 0
    with pytest.raises(Refused, match="restriction_none"):
        reply(said, reviewer, until, lift=True)
    said.refresh_from_db()
    assert said.outcome == Outcome.OVERTAKEN
    restrict(member, until, until=until + timedelta(hours=1))
    say(member, until)
    assert appeals.end_overtaken(until + timedelta(hours=1)) == 1


def test_a_step_up_lifted_on_appeal_goes_back_to_what_two_people_decided(
    member: Member, now: datetime
) -> None:
    tier_changes.change_tier(member.employer_id, Tier.PROVISIONAL, SYSTEM, now)
    restrict(member, now + timedelta(minutes=1), STEP_UP)
    reply(
        say(member, now + timedelta(minutes=2)),
        make_colleague(now, "Reviewers"),
        now + timedelta(minutes=3),
        lift=True,
    )
    assert Standing.objects.get().tier == Tier.PROVISIONAL


def test_the_figures_of_a_rule_are_kept_and_told(member: Member, now: datetime) -> None:
    at = datetime(2026, 11, 24, 1, 0, tzinfo=SHANGHAI)
    GateDecision.objects.bulk_create(
        GateDecision(
            client_id=CLIENT,
            employer_id=member.employer_id,
            member_id=member.pk,
            candidate=f"c-{7 * n}",
            uscc=member.employer.uscc,
            allowed=True,
            tier="established",
            ladder_version="x",
            decided_at=at + timedelta(minutes=4 * n),
        )
        for n in range(23)
    )
    member.employer.registered_at = now - timedelta(days=60)
    member.employer.save()
    assert abuse_watch.watch_downloads(now, now - timedelta(days=1), SHANGHAI) == 1
    move = tier_changes.last_move(member.employer_id)
    assert move is not None and (move.data["seen"], move.data["figures"]) == (
        ["night"],
        {"night": 23},
    )
    page = sign_in(member.user).get(PAGE).content.decode()
    assert "23 resumes were downloaded in one night" in page and "An automatic rule" in page
    said = say(member, now)
    shown = (
        sign_in(make_reviewer(now))
        .get(f"/console/downloads/moveappeal/{said.pk}/change/")
        .content.decode()
    )
    assert (
        "23 resumes were downloaded in one night" in shown
        and "23 downloads since" in shown
        and "c-154" in shown
    )


def test_platforms_hear_of_it(member: Member, now: datetime) -> None:
    restrict(member, now)
    reply(say(member, now), make_colleague(now, "Reviewers"), now, lift=False)
    feed.relay_outbox(now)
    told = list(PlatformEvent.objects.of(CLIENT).filter(type__startswith="employer.tier"))
    assert [row.type for row in told] == [
        event_types.TIER_CHANGED,
        event_types.TIER_APPEALED,
        event_types.TIER_UPHELD,
    ]
    assert told[1].payload["tier"] == {"from": "restricted", "to": "restricted", "until": None}
    assert told[1].payload["reasons"][0]["code"] == RESTRICTED and "我们在招聘" not in str(
        told[1].payload
    )


def test_how_long_answers_take_is_measured(member: Member, now: datetime) -> None:
    restrict(member, now)
    reviewer = make_colleague(now, "Reviewers")
    assert appeals.appeal_turnaround() is None and turnaround.turnaround_text(
        REASONS[RESTRICTED].takes
    ).en.startswith("we cannot estimate this yet")
    for n in range(turnaround.AT_LEAST):
        at = now + n * appeals.AGAIN_AFTER
        reply(say(member, at), reviewer, at + timedelta(hours=3), lift=False)
        now += timedelta(hours=3)
    usually = appeals.appeal_turnaround()
    assert usually is not None and usually.median == timedelta(hours=3)
    cache.clear()
    assert "3 hours" in turnaround.turnaround_text(REASONS[RESTRICTED].takes).en


def test_an_answer_that_is_late_says_so_to_both(member: Member) -> None:
    now = timezone.now()
    at = now - timedelta(days=9)
    restrict(member, at)
    say(member, at)
    assert "The delay is ours" in sign_in(member.user).get(PAGE).content.decode()
    listed = (
        sign_in(make_colleague(now, "Reviewers"))
        .get("/console/downloads/moveappeal/?answer=late")
        .content.decode()
    )
    assert member.employer.name in listed and "tag-late" in listed and "1 late" in listed


# --- API and pages --------------------------------------------------------------------------------


def test_recruiters_with_only_a_number_are_told_apart_in_the_evidence(
    member: Member, now: datetime
) -> None:
    for count, number in enumerate((NUMBER, OTHER), start=1):
        colleague = by_phone_alone(now, number, employer=member.employer, role="recruiter")
        make_link(colleague, CLIENT, now)
        names = [f"{number}-{n}" for n in range(count)]
        assert ask_all(colleague, names, now) == [""] * count
    restrict(member, now)
    change = f"/console/downloads/moveappeal/{say(member, now).pk}/change/"
    shown = sign_in(make_colleague(now, "Reviewers")).get(change).content.decode()
    assert '<span class="email">+86 139****9000</span> 2' in shown
    assert '<span class="email">+86 138****8000</span> 1' in shown


def test_an_owner_appeals_on_the_page_and_a_reviewer_answers_in_the_console(
    member: Member, now: datetime
) -> None:
    now = timezone.now()
    owner, recruiter = (
        sign_in(member.user),
        sign_in(make_member(now, member.employer, role="recruiter").user),
    )
    assert owner.get(PAGE).headers["Location"] == "/case/", "there is no restriction"
    assert PAGE not in owner.get("/case/").content.decode()
    move = restrict(member, now)
    home = owner.get("/case/").content.decode()
    assert (
        PAGE in home
        and "downloads are paused, see above" in home
        and "within your daily quota" not in home
    )
    assert "Only the account owner can appeal" in recruiter.get(PAGE).content.decode()
    assert owner.post(PAGE, {"words": "", "move": move.pk}).status_code == 422
    page = owner.post(
        PAGE, {"words": "夜班护士。联系 13912345678", "move": move.pk}, follow=True
    ).content.decode()
    assert "Your appeal is with a reviewer" in page and "夜班护士" in page
    said = MoveAppeal.objects.get()
    reviewer = sign_in(make_colleague(now, "Reviewers"))
    assert member.employer.name in reviewer.get("/console/downloads/moveappeal/").content.decode()
    change = f"/console/downloads/moveappeal/{said.pk}/change/"
    shown = reviewer.get(change).content.decode()
    assert "夜班护士" in shown and "13912345678" not in shown and 'value="lift"' in shown
    refused = reviewer.post(change, {"answer": "keep", "reply": ""}, follow=True).content.decode()
    assert (
        "You have not written anything" in refused and MoveAppeal.objects.get().answered_at is None
    )
    assert (
        "Restriction lifted. We have told the employer."
        in reviewer.post(
            change, {"answer": "lift", "reply": "谢谢。"}, follow=True
        ).content.decode()
    )
    assert ask_all(member, ["a"], now) == [""] and owner.get(PAGE).status_code == 302


def test_who_may_not_answer_sees_why(member: Member, now: datetime) -> None:
    first, _ = by_two(member, now)
    change = f"/console/downloads/moveappeal/{say(member, now).pk}/change/"
    for user in (first, make_colleague(now, "Auditors")):
        browser = sign_in(user)
        assert 'value="lift"' not in browser.get(change).content.decode()
        browser.post(change, {"answer": "lift", "reply": "…"})
    assert ask_all(member, ["a"], now) == ["employer_restricted"]
    assert sign_in(make_member(now).user).get(change).status_code in (302, 403)


def test_the_gate_leads_to_the_page(client: Client, member: Member) -> None:
    now = timezone.now()
    _, key = make_linked_client(now)
    restrict(member, now)
    question = {
        "employer_id": str(member.employer_id),
        "member_id": str(member.pk),
        "candidate": "c",
    }
    answer = client.post(
        "/api/v1/gate/decisions",
        question,
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )
    (reason,) = answer.json()["reasons"]
    assert reason["appeal"] is True and reason["url"].endswith(PAGE)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_who_appeal_at_once_are_one() -> None:
    now = timezone.now()
    member = approved(now, days=60)
    move = restrict(member, now)
    start, codes = threading.Barrier(4), []

    def speak() -> None:
        try:
            start.wait()
            appeals.appeal_tier_change(Member.objects.get(pk=member.pk), move.pk, "…", now)
            codes.append("")
        except Refused as refused:
            codes.append(refused.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=speak) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == ["", "appeal_open", "appeal_open", "appeal_open"]
