"""Tests that links to a candidate's page end, are replaced on request, and give nothing away."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from datetime import timedelta

import pytest
from django.core.signing import Signer
from django.test import Client
from django.utils import timezone

from downloads.candidates import consents, operations, page_links
from downloads.models import Candidate, Consent, RelayBinding
from employers.security import throttle
from events.delivery.mail import mail_message
from events.models import Mail
from tests.downloads.pages.test_ledger import candidate, do, live, page
from tests.downloads.platform import Live, Platform

__all__ = ["candidate", "live"]


def by_link(candidate: Candidate, age: timedelta) -> Client:
    """Return a browser with the page open, by a link of this age."""
    client = Client(headers={"accept-language": "en"})
    client.cookies["django_language"] = "en"
    client.get(page_links.path_of(candidate, timezone.now() - age))
    return client


def fresh_links() -> int:
    return Mail.objects.filter(template="candidate_fresh_link").count()


def ask_for(token: str, client: Client | None = None) -> str:
    client = client or Client(headers={"accept-language": "en"})
    answer = client.post("/mine/fresh-link/", {"token": token})
    assert answer.status_code == 200
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode())


def test_a_link_ends_after_thirty_days_and_so_does_what_it_opened(
    candidate: Candidate, monkeypatch: pytest.MonkeyPatch
) -> None:
    almost = page_links.VALID_FOR - timedelta(minutes=10)
    client = by_link(candidate, almost)
    assert client.get("/mine/").status_code == 200
    later = timezone.now() + timedelta(minutes=11)
    monkeypatch.setattr("downloads.pages.ledger.views.timezone.now", lambda: later)
    assert client.get("/mine/").status_code == 403, "the cookie does not outlive its link"
    ended = client.get(page_links.path_of(candidate, later - page_links.VALID_FOR))
    assert ended.status_code == 403 and "This link has expired" in ended.content.decode()
    assert ended["Referrer-Policy"] == "same-origin", "or its form would be refused as a stranger's"


def test_links_from_before_they_had_a_time_have_ended_and_can_be_replaced(
    candidate: Candidate,
) -> None:
    names = candidate.pk.bytes + candidate.link_version.to_bytes(5, "big")
    token = Signer(salt="downloads.ledger", sep=".").sign(urlsafe_b64encode(names).decode())
    assert Client().get(f"/mine/open/{token}/").status_code == 403
    ask_for(token)
    assert fresh_links() == 1


def test_an_ended_link_offers_a_fresh_one_to_the_address_on_record(candidate: Candidate) -> None:
    client = Client(enforce_csrf_checks=True, headers={"accept-language": "en"})
    made_at = timezone.now() - page_links.VALID_FOR
    shown = client.get(page_links.path_of(candidate, made_at)).content.decode()
    fields = dict(re.findall(r'name="(csrfmiddlewaretoken|token)" value="([^"]+)"', shown))
    assert fresh_links() == 0, "opening a link changes nothing"
    assert client.post("/mine/fresh-link/", {"token": fields["token"]}).status_code == 403
    assert client.post("/mine/fresh-link/", fields).status_code == 200
    mail = Mail.objects.get(template="candidate_fresh_link")
    assert mail.to == "lin@home.example"
    assert Client().get(mail.context["path"]).status_code == 302
    assert mail.context["path"] not in mail_message(mail, "", timezone.now()).subject


def test_the_answer_does_not_say_whether_the_candidate_or_the_address_exists(
    live: Live, candidate: Candidate
) -> None:
    ended = timezone.now() - page_links.VALID_FOR
    known = ask_for(page_links.token_of(candidate, ended))
    assert fresh_links() == 1
    silent = live.candidate(timezone.now(), reference="c-2", email="")
    erased = live.candidate(timezone.now(), reference="c-3")
    token = page_links.token_of(erased, ended)
    operations.erase_candidate(live.client, "c-3", timezone.now())
    for other in (page_links.token_of(silent, ended), token, f"{token}x", "", "x.y", "é"):
        assert ask_for(other) == known
    assert fresh_links() == 1


def test_nobody_can_flood_a_candidate_or_us_with_requests(candidate: Candidate) -> None:
    token = page_links.token_of(candidate, timezone.now() - page_links.VALID_FOR)
    first = ask_for(token)
    for _ in range(throttle.LINKS_FROM_NETWORK.tries - 1):
        assert ask_for(token) == first
    assert fresh_links() == throttle.LINKS_TO_CANDIDATE.tries == 3
    refused = Client().post("/mine/fresh-link/", {"token": token})
    assert refused.status_code == 429
    elsewhere = Client(headers={"accept-language": "en"}, REMOTE_ADDR="192.0.2.7")
    assert ask_for(token, elsewhere) == first and fresh_links() == 3


def test_nor_can_who_holds_the_link(candidate: Candidate) -> None:
    browser = by_link(candidate, timedelta())
    for _ in range(throttle.LINKS_TO_CANDIDATE.tries):
        assert "We have sent you a new one" in do(browser, "new-link/")
    assert "We have sent you a new one" not in do(browser, "new-link/")
    assert Mail.objects.filter(template="candidate_link").count() == 3


def asked(live: Live, candidate: Candidate) -> str:
    """Return the path of an open question to the candidate."""
    request = consents.ask_consent(
        live.client, candidate.reference, live.employer, live.member.pk, [], timezone.now()
    )
    return f"requests/{request.pk}/"


def test_a_consent_needs_a_link_younger_than_a_day(live: Live, candidate: Candidate) -> None:
    path = asked(live, candidate)
    old = by_link(candidate, page_links.FRESH_FOR)
    assert "more than a day old" in page(old)
    assert "Open the new link" in do(old, path, answer="yes")
    assert not Consent.objects.exists() and fresh_links() == 1
    do(old, path, answer="no")
    assert "Open the new link" in do(old, path, answer="yes"), "nor after a no"
    assert not Consent.objects.exists()
    fresh = by_link(candidate, page_links.FRESH_FOR - timedelta(minutes=1))
    assert "more than a day old" not in page(fresh)
    do(fresh, path, answer="yes")
    assert Consent.objects.get().revoked_at is None


def test_the_link_that_is_mailed_lets_the_candidate_agree(live: Live, candidate: Candidate) -> None:
    path = asked(live, candidate)
    do(by_link(candidate, page_links.FRESH_FOR), path, answer="yes")
    client = Client()
    client.get(Mail.objects.get(template="candidate_fresh_link").context["path"])
    do(client, path, answer="yes")
    assert Consent.objects.exists()


def test_replacing_an_old_link_makes_the_browser_no_fresher(
    live: Live, candidate: Candidate
) -> None:
    path = asked(live, candidate)
    old = by_link(candidate, page_links.FRESH_FOR)
    do(old, "new-link/")
    assert "Open the new link" in do(old, path, answer="yes") and not Consent.objects.exists()


def test_an_old_link_can_stop_a_company_but_not_let_it_in_again(
    live: Live, candidate: Candidate
) -> None:
    old, company = by_link(candidate, page_links.FRESH_FOR), live.employer.uscc
    do(old, "revoke/", uscc=company)
    assert candidate.blocked.filter(uscc=company).exists()
    assert "Open the new link" in do(old, "allow-again/", uscc=company)
    assert candidate.blocked.filter(uscc=company).exists()


def test_an_old_link_can_pause_calls_but_not_allow_them_again(db: None) -> None:
    platform = Platform()
    platform.put(mode="tell_after", email="lin@home.test")
    phone = f"/employers/{platform.employer}/members/{platform.member}/phone"
    platform.call("put", phone, {"phone": "13800000001", "proven": True})
    numbers = {"decision_id": platform.take()["decision_id"], "candidate_phone": "15400000000"}
    relay = platform.call("post", "/relays", numbers)
    old = by_link(Candidate.objects.get(client_id=platform.client.pk), page_links.FRESH_FOR)
    do(old, f"relays/{relay['id']}/", muted="yes")
    assert RelayBinding.objects.get().muted
    assert "Open the new link" in do(old, f"relays/{relay['id']}/", muted="no")
    assert RelayBinding.objects.get().muted
