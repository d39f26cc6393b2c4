"""Tests of consents: a candidate is asked once, a no stays a no, and a yes has all that the law
requires.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from downloads.candidates import consents
from downloads.models import Consent, ConsentRequest, Mode
from downloads.pages.ledger import content
from employers.accounts.phones import numbers
from employers.models import Member, User
from events.core.actor import Actor, Role
from events.core.errors import Refused
from events.models import Event, Mail
from tests.downloads.platform import Live, Platform
from tests.employers.accounts.phone_codes import NUMBER, by_phone_alone
from tests.factories import make_link, make_member

ONE = Actor(Role.CANDIDATE, "one")


@pytest.fixture
def live(now: datetime, db: None) -> Live:
    live = Live(now)
    live.candidate(now, mode=Mode.ASK_FIRST)
    return live


def ask(live: Live, now: datetime, kinds: list[str] | None = None) -> ConsentRequest:
    return consents.ask_consent(live.client, "c-1", live.employer, live.member.pk, kinds or [], now)


def code_of(live: Live, now: datetime) -> str:
    try:
        ask(live, now)
    except Refused as refused:
        return refused.code
    return ""


def test_asked_once_answered_yes_and_then_it_may_be_downloaded(live: Live, now: datetime) -> None:
    first = ask(live, now)
    assert ask(live, now + timedelta(days=1)).pk == first.pk, (
        "asking again returns the same request"
    )
    mail = Mail.objects.get(template="candidate_asked")
    assert (mail.to, mail.context["company"]) == (
        "lin@home.example",
        live.employer.name,
    ) and "/mine/open/" in mail.context["path"]
    assert live.ask(now).reasons[0].code == "candidate_no_consent"
    consents.answer_consent_request(first.pk, True, ONE, now)
    consent = Consent.objects.get()
    said = (
        consent.receiver,
        consent.contact,
        consent.purpose,
        consent.method,
        consent.kinds,
        consent.how,
        consent.given_at,
    )
    assert said == (
        live.employer.name,
        live.member.user.email,
        "hiring",
        "marked_copy",
        ["resume", "relay_number"],
        "page",
        now,
    )
    assert live.ask(now).allowed and not live.ask(consent.until, "c-1").allowed, (
        "it expires on its own"
    )
    assert code_of(live, now) == "consent_given"


def test_a_recruiter_who_is_in_review_asks_nobody(live: Live, now: datetime) -> None:
    Member.objects.filter(pk=live.member.pk).update(held_at=now)
    assert code_of(live, now) == "member_in_review" and not ConsentRequest.objects.exists()


def test_after_a_no_nobody_is_asked_again_for_ninety_days(live: Live, now: datetime) -> None:
    consents.answer_consent_request(ask(live, now).pk, False, ONE, now)
    assert code_of(live, now + timedelta(days=89)) == "consent_refused"
    case = live.employer.cases.get()
    case.expires_at = now + timedelta(days=400)
    case.save()
    assert code_of(live, now + timedelta(days=90)) == ""


def test_a_no_can_become_a_yes_until_the_request_ends_and_not_after(
    live: Live, now: datetime
) -> None:
    asked = ask(live, now)
    consents.answer_consent_request(asked.pk, False, ONE, now)
    assert consents.answer_consent_request(asked.pk, True, ONE, now + timedelta(days=13)).agreed
    with pytest.raises(Refused, match="consent_request_ended"):
        consents.answer_consent_request(asked.pk, False, ONE, now)


def test_without_an_answer_it_ends(live: Live, now: datetime) -> None:
    asked = ask(live, now)
    with pytest.raises(Refused, match="consent_request_ended"):
        consents.answer_consent_request(asked.pk, True, ONE, now + timedelta(days=14))
    assert ask(live, now + timedelta(days=14)).pk != asked.pk


def test_who_may_not_download_may_not_ask(live: Live, now: datetime) -> None:
    held = make_member(now)
    with pytest.raises(Refused, match="member_unknown"):
        consents.ask_consent(live.client, "c-1", held.employer, held.pk, [], now)
    make_link(held, live.client.pk, now)
    with pytest.raises(Refused, match="employer_not_approved"):
        consents.ask_consent(live.client, "c-1", held.employer, held.pk, [], now)
    with pytest.raises(Refused, match="member_unknown"):
        consents.ask_consent(live.client, "c-1", live.employer, held.pk, [], now)


@pytest.mark.parametrize("mode", [Mode.CLOSED, Mode.ASK_FIRST])
def test_who_is_closed_or_blocks_is_not_asked(mode: str, live: Live, now: datetime) -> None:
    candidate = live.candidate(now, mode=mode)
    if mode != Mode.CLOSED:
        consents.revoke_consent(candidate.pk, live.employer.uscc, ONE, now)
    assert code_of(live, now) == (
        "candidate_closed" if mode == Mode.CLOSED else "candidate_blocked_employer"
    )
    assert not Mail.objects.exists()


def test_revoking_ends_the_consent_and_the_relays_and_blocks(live: Live, now: datetime) -> None:
    consents.answer_consent_request(ask(live, now).pk, True, ONE, now)
    candidate = live.candidate(now, mode=Mode.ASK_FIRST)
    consents.revoke_consent(candidate.pk, live.employer.uscc, ONE, now)
    assert Consent.objects.get().revoked_at == now
    assert live.ask(now).reasons[0].code == "candidate_blocked_employer"
    consents.allow_again(candidate.pk, live.employer.uscc, ONE, now)
    assert live.ask(now).reasons[0].code == "candidate_no_consent", (
        "a revoked consent can only be replaced by a new one"
    )


def test_who_has_only_a_number_asks_with_an_owners_address(live: Live, now: datetime) -> None:
    owner, live.member = live.member, by_phone_alone(now, employer=live.employer, role="recruiter")
    make_link(live.member, live.client.pk, now)
    asked = ask(live, now)
    page = content.ledger_of(live.candidate(now, mode=Mode.ASK_FIRST), now)
    assert [each.contact for each in page.asked] == [owner.user.email]
    consents.answer_consent_request(asked.pk, True, ONE, now)
    assert Consent.objects.get().contact == owner.user.email


def test_nobody_is_asked_without_an_address_to_name(live: Live, now: datetime) -> None:
    asked = ask(live, now)
    User.objects.filter(pk=live.member.user_id).update(email="", email_verified_at=None)
    with pytest.raises(Refused, match="consent_request_ended"):
        consents.answer_consent_request(asked.pk, True, ONE, now)
    assert not content.ledger_of(live.candidate(now, mode=Mode.ASK_FIRST), now).asked
    assert not Consent.objects.exists()
    numbers.take_number(live.member.user, NUMBER, now)
    assert code_of(live, now + timedelta(days=14)) == "contact_missing"


# --- Through the platform -------------------------------------------------------------------------


@pytest.fixture
def platform(db: None) -> Platform:
    platform = Platform()
    platform.put()
    return platform


def given(platform: Platform, now: datetime, **more: Any) -> Any:
    body = {
        "employer_id": platform.employer,
        "contact": "hr@company.test",
        "kinds": ["phone"],
        "evidence": "e-1",
        "given_at": (now - timedelta(hours=1)).isoformat(),
        "until": (now + timedelta(days=30)).isoformat(),
    }
    return platform.call("post", "/candidates/c-1/consents", body | more)


def test_a_platform_puts_a_consent_on_record_with_its_evidence(platform: Platform) -> None:
    now = datetime.now().astimezone()
    consent = given(platform, now)
    assert (consent["http"], consent["how"], consent["evidence"], consent["kinds"]) == (
        201,
        "platform",
        "e-1",
        ["resume", "phone"],
    )
    assert platform.why_not() == ""
    again = given(platform, now, evidence="e-2")
    rows = platform.call("get", "/candidates/c-1/consents")["data"]
    assert [row["revoked_at"] is None for row in rows if row["id"] == consent["id"]] == [False], (
        "the earlier consent is replaced"
    )
    assert again["id"] in {row["id"] for row in rows}
    platform.call("post", "/candidates/c-1/revoke", {"employer_id": platform.employer})
    assert platform.why_not() == "candidate_blocked_employer"
    platform.call("post", "/candidates/c-1/allow-again", {"uscc": platform.uscc})
    assert platform.why_not() == "candidate_no_consent"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"evidence": ""}, "invalid_request"),
        ({"until": "2020-01-01T00:00:00Z"}, "consent_time_invalid"),
        ({"given_at": "2099-01-01T00:00:00Z"}, "consent_time_invalid"),
        ({"until": "2099-01-01T00:00:00Z"}, "consent_time_invalid"),
        ({"given_at": "2026-01-01T00:00:00"}, "consent_time_invalid"),
        ({"employer_id": "00000000-0000-4000-8000-000000000000"}, "employer_unknown"),
    ],
)
def test_a_consent_that_cannot_be_is_refused(
    more: dict[str, Any], code: str, platform: Platform
) -> None:
    assert given(platform, datetime.now().astimezone(), **more)["code"] == code
    assert not Consent.objects.exists()


def test_the_platform_asks_in_its_own_app_and_passes_the_answer_on(platform: Platform) -> None:
    asked = platform.ask(kinds=["email"])
    assert (asked["state"], asked["kinds"]) == ("open", ["resume", "email"])
    path = f"/consent-requests/{asked['id']}"
    assert platform.call("post", f"{path}/answer", {"agrees": True, "evidence": ""})["http"] == 422
    answered = platform.call("post", f"{path}/answer", {"agrees": True, "evidence": "log-17"})
    assert (
        answered["state"] == "agreed"
        and platform.call("get", path)["consent_id"] == answered["consent_id"]
    )
    assert Consent.objects.get().evidence == "log-17"
    told = dict(platform.told())
    assert (
        told["consent.asked"]["request"] == asked["id"]
        and told["consent.given"]["candidate"] == "c-1"
    )
    assert "hr." not in str(told["consent.given"]), "no address in data that cannot be erased"
    assert Event.objects.filter(verb="ask_consent").get().role == "owner"
