"""Tests of short links to a candidate's page, and of what the page offers to save and to set."""

from __future__ import annotations

import json
import re
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone

from downloads.candidates import consents, operations, page_links, receipts
from downloads.models import Candidate, CandidateText, Mode, RelayBinding, ShortLink
from downloads.models.relays import RelayState
from downloads.relays import contact_cards
from employers.accounts import api_clients
from employers.security import throttle
from events.core.actor import SYSTEM
from events.models import Event, Sms
from tests.downloads.pages.test_ledger import candidate, do, live, mine, page
from tests.downloads.platform import Live, Platform
from tests.downloads.relays.relay_numbers import CALLERS, give_phone, requested
from tests.factories import make_reviewer, sign_in

__all__ = ["candidate", "live", "mine"]

WECHAT = "Mozilla/5.0 (Linux; Android 10) Chrome/86.0 Mobile Safari/537.36 MicroMessenger/8.0"


def short(candidate: Candidate, age: timedelta = timedelta()) -> str:
    return page_links.short_path_of(candidate, timezone.now() - age)


# --- Short links ----------------------------------------------------------------------------------


def test_a_short_link_opens_the_page_and_reveals_nothing(candidate: Candidate) -> None:
    path = short(candidate)
    code = path.removeprefix("/c/")
    assert len(page_links.CODE_CHARACTERS) ** len(code) >= 2**60
    assert set(code) <= set("23456789abcdefghjkmnpqrstuvwxyz")
    assert code not in str(ShortLink.objects.values().get())
    client = Client()
    answer = client.get(path)
    assert answer["Location"] == "/mine/" and answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"] and "noindex" in answer["X-Robots-Tag"]
    assert client.get("/mine/").status_code == 200
    assert "noindex" in client.get("/mine/")["X-Robots-Tag"]
    assert Client().get(path.upper().replace("/C/", "/c/")).status_code == 302, "typed by hand"


def test_a_short_link_ends_as_others_do(candidate: Candidate) -> None:
    almost = short(candidate, page_links.VALID_FOR - timedelta(minutes=1))
    assert Client().get(almost).status_code == 302
    ended = Client().get(short(candidate, page_links.VALID_FOR))
    assert ended.status_code == 403 and "no-store" in ended["Cache-Control"]
    path = short(candidate)
    page_links.rotate_link(candidate.pk, SYSTEM, timezone.now())
    assert Client().get(path).status_code == 403


def test_previewers_change_nothing(live: Live) -> None:
    now = timezone.now()
    found = live.candidate(now, mode=Mode.ASK_FIRST)
    asked = consents.ask_consent(live.client, "c-1", live.employer, live.member.pk, [], now)
    path, events = short(found), Event.objects.count()
    for _ in range(3):
        assert Client().get(path).status_code == 302
        assert Client().head(path).status_code == 302
        assert Client().get(path, follow=True).status_code == 200
    assert Client().post(path).status_code == 405
    asked.refresh_from_db()
    assert asked.agreed is None and Event.objects.count() == events


def test_guesses_are_counted_by_network_and_right_codes_are_not(candidate: Candidate) -> None:
    most = throttle.SHORT_LINKS_FROM_NETWORK.tries
    path = short(candidate)
    for _ in range(most):
        assert Client().get(path).status_code == 302
    for number in range(most):
        assert Client().get(f"/c/wrong{number}").status_code == 403
    assert Client().get("/c/wrong").status_code == 429
    assert Client(REMOTE_ADDR="203.0.113.9").get(path).status_code == 302


def test_an_ended_short_link_gets_a_new_one_by_text_message(live: Live) -> None:
    now = timezone.now()
    api_clients.text_candidates(live.client, True, SYSTEM, now)
    told = operations.Told(Mode.TELL_AFTER, phone="13912345678")
    found, _ = operations.put_candidate(live.client, "c-1", told, now)
    code = short(found, page_links.VALID_FOR).removeprefix("/c/")
    for token in (code, "wrong"):
        answer = Client(headers={"accept-language": "en"}).post(
            "/mine/fresh-link/", {"token": token}
        )
        assert "Check your messages" in answer.content.decode()
    assert Sms.objects.get().template == "candidate_link"
    assert not CandidateText.objects.exists()


def test_short_links_are_forgotten(candidate: Candidate) -> None:
    short(candidate, page_links.FORGOTTEN_AFTER + timedelta(minutes=1))
    short(candidate, page_links.FORGOTTEN_AFTER - timedelta(minutes=1))
    assert page_links.forget_short_links(timezone.now()) == 1
    assert ShortLink.objects.count() == 1


# --- The copy -------------------------------------------------------------------------------------


def test_a_copy_has_everything_by_its_published_schema(live: Live, mine: Client) -> None:
    live.take(timezone.now())
    answer = mine.post("/mine/copy/")
    assert "no-store" in answer["Cache-Control"] and "attachment" in answer["Content-Disposition"]
    copy = json.loads(answer.content)
    schema = Client().get("/.well-known/zizhi-candidate-copy.schema.json").json()
    jsonschema.Draft202012Validator(schema).validate(copy)
    assert copy["candidate"]["reference"] == "c-1"
    assert copy["candidate"]["email"] == "l***@home.example", "whoever has the link reads it"
    (release,) = copy["releases"]
    signed = receipts.Receipt.of_file(json.dumps(release["receipt"]))
    assert receipts.is_genuine(signed) and live.employer.uscc in signed.text
    event = Event.objects.get(verb="copy_candidate")
    assert (event.role, event.actor_id) == ("candidate", str(copy_of(live).pk))
    assert "lin" not in str(event.data)


def copy_of(live: Live) -> Candidate:
    return Candidate.objects.get(client_id=live.client.pk)


def test_a_copy_is_only_for_who_has_the_link(mine: Client, candidate: Candidate) -> None:
    assert Client().post("/mine/copy/").status_code == 403
    assert mine.get("/mine/copy/").status_code == 405, "each is recorded, so none by a prefetch"
    page_links.rotate_link(candidate.pk, SYSTEM, timezone.now())
    assert mine.post("/mine/copy/").status_code == 403
    assert not Event.objects.filter(verb="copy_candidate").exists()


def test_copies_are_limited(mine: Client) -> None:
    most = throttle.COPIES_OF_CANDIDATE.tries
    assert [mine.post("/mine/copy/").status_code for _ in range(most + 1)] == [200] * most + [302]
    assert Event.objects.filter(verb="copy_candidate").count() == most


# --- The contact ----------------------------------------------------------------------------------


def bound(live: Live, candidate: str = "c-1") -> RelayBinding:
    now = timezone.now()
    give_phone(live.member, CALLERS[0])
    made = requested(live.member, live.client, now, candidate=candidate)
    RelayBinding.objects.filter(pk=made.pk).update(
        state=RelayState.BOUND, bound_at=now, number="+8617012345678"
    )
    made.refresh_from_db()
    return made


@pytest.fixture
def relays(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR, settings.RELAYS = tmp_path, "simulator"


def test_a_relay_number_is_saved_as_a_contact(relays: None, live: Live, mine: Client) -> None:
    live.take(timezone.now())
    binding = bound(live)
    assert f"/mine/relays/{binding.pk}/contact.vcf" in page(mine)
    answer = mine.get(f"/mine/relays/{binding.pk}/contact.vcf")
    assert answer["Content-Type"] == "text/vcard; charset=utf-8"
    card = answer.content.decode()
    unfolded = card.replace("\r\n ", "").split("\r\n")
    assert unfolded[:2] == ["BEGIN:VCARD", "VERSION:3.0"] and unfolded[-2:] == ["END:VCARD", ""]
    assert "TEL;TYPE=WORK,VOICE:+8617012345678" in unfolded
    assert f"UID:urn:uuid:{binding.pk}" in unfolded
    assert any(live.employer.name in line and "via" in line for line in unfolded)
    until = timezone.localtime(binding.expires_at).date().isoformat()
    assert any(line.startswith("NOTE:") and until in line for line in unfolded)
    assert all(len(line.encode()) <= 75 for line in card.split("\r\n"))
    RelayBinding.objects.update(
        state=RelayState.ENDED, ended_at=timezone.now(), ended_why="relay_expired"
    )
    assert mine.get(f"/mine/relays/{binding.pk}/contact.vcf").status_code == 302


def test_a_name_cannot_add_lines_to_a_contact(relays: None, live: Live) -> None:
    live.candidate(timezone.now())
    binding = bound(live)
    live.employer.name = "甲;乙,丙\\\r\nTEL:110" + "丁" * 60
    live.employer.save()
    card = contact_cards.card_of(binding, "某招聘网", timezone.now())
    lines = card.replace("\r\n ", "").split("\r\n")
    assert [line for line in lines if line.startswith("TEL")] == [
        "TEL;TYPE=WORK,VOICE:+8617012345678"
    ]
    assert any(line.startswith("ORG:甲\\;乙\\,丙\\\\ TEL:110丁") for line in lines)


def test_only_own_contacts_are_given(relays: None, live: Live, mine: Client) -> None:
    live.candidate(timezone.now(), reference="c-2", email="other@home.example")
    theirs = bound(live, "c-2")
    assert mine.get(f"/mine/relays/{theirs.pk}/contact.vcf").status_code == 302


# --- WeChat ---------------------------------------------------------------------------------------


def test_in_wechat_files_are_saved_by_another_browser(live: Live, mine: Client) -> None:
    live.take(timezone.now())
    inside = {"HTTP_USER_AGENT": WECHAT}
    shown = mine.get("/mine/", **inside).content.decode()
    assert "Open in browser to save" in shown and "/mine/copy/" not in shown
    assert "/mine/copy/" in page(mine) and "Open in browser" not in page(mine)
    address = mine.get("/mine/other-browser/", **inside)["Location"]
    told = mine.get(address, **inside)
    assert told.status_code == 200 and "Open in browser" in told.content.decode()
    other = Client()
    assert other.get(address)["Location"] == "/mine/"
    assert other.get("/mine/").status_code == 200


def test_another_browser_takes_over_for_minutes_and_not_beyond_the_link(
    candidate: Candidate, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = page_links.Visit(candidate, timezone.now())
    token = page_links.handed_over(visit)
    assert page_links.taken_over(token, timezone.now()) is not None
    assert page_links.visit_by_link(token, timezone.now()) is None
    assert page_links.taken_over(page_links.stay_of(visit), timezone.now()) is None
    page_links.rotate_link(candidate.pk, SYSTEM, timezone.now())
    assert page_links.taken_over(token, timezone.now()) is None
    fresh = page_links.handed_over(page_links.Visit(Candidate.objects.get(), timezone.now()))
    later = time.time() + page_links.HANDED_OVER_SECONDS + 1
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    assert page_links.taken_over(fresh, timezone.now()) is None


# --- Large type and the platform's settings -------------------------------------------------------


def test_the_size_of_type_is_remembered_without_a_visit(mine: Client) -> None:
    assert 'class="text-100"' in page(mine)
    cookie = mine.post("/mine/text-size/", {"size": "200"}).cookies["zizhi_text"]
    assert cookie.value == "200" and cookie["httponly"] and cookie["samesite"] == "Lax"
    assert 'class="text-200"' in page(mine)
    assert 'class="text-200"' in do(mine, "leave/")
    assert "zizhi_text" not in mine.post("/mine/text-size/", {"size": "x"}).cookies
    mine.cookies["zizhi_text"] = '"><script>'
    assert 'class="text-100"' in Client(cookies=mine.cookies).get("/mine/").content.decode()


def test_the_page_links_to_the_platforms_own_settings(mine: Client, live: Live) -> None:
    assert "You can change this on your recruitment site" in page(mine)
    url = "https://jobs.example/privacy"
    api_clients.set_candidate_settings_url(live.client, url, SYSTEM, timezone.now())
    assert f'href="{url}" rel="noreferrer"' in page(mine)


def test_a_platform_sets_its_settings_page_by_the_api(db: None) -> None:
    platform = Platform()
    empty = {"settings_url": "", "text_messages": False, "http": 200}
    assert platform.call("get", "/candidate-page") == empty
    url = "https://jobs.example/privacy"
    for _ in range(2):
        answer = platform.call("put", "/candidate-page", {"settings_url": f" {url} "})
        assert answer == {"settings_url": url, "text_messages": False, "http": 200}
    assert Event.objects.filter(verb="set_candidate_settings_url").count() == 1
    for wrong in ("http://jobs.example/", "javascript:alert(1)", "https://a@b.example/", "x"):
        refused = platform.call("put", "/candidate-page", {"settings_url": wrong})
        assert (refused["http"], refused["code"]) == (422, "return_url_invalid"), wrong
    assert platform.call("get", "/candidate-page")["settings_url"] == url


def test_the_operator_sets_both_in_the_console(live: Live) -> None:
    client = sign_in(make_reviewer(timezone.now()))
    path = f"/console/employers/apiclient/{live.client.pk}/candidates/"
    assert client.get(path).status_code == 200
    refused = client.post(path, {"settings_url": "http://x.example", "texts_candidates": "on"})
    assert "http://x.example" in refused.content.decode()
    live.client.refresh_from_db()
    assert not live.client.texts_candidates
    body = {"settings_url": "https://x.example/me", "texts_candidates": "on"}
    for _ in range(2):
        assert client.post(path, body).status_code == 302
    live.client.refresh_from_db()
    assert live.client.texts_candidates
    assert live.client.candidate_settings_url == "https://x.example/me"
    assert Event.objects.filter(verb="text_candidates").count() == 1


# --- Old browsers ---------------------------------------------------------------------------------

TOO_NEW = {
    "inset": r"(?<![\w-])inset\s*:",
    "logical shorthands": r"(?<![\w-])(?:margin|padding|inset)-(?:inline|block)\s*:",
    ":is and :where": r":(?:is|where)\(",
    "corners by direction": r"border-(?:start|end)-(?:start|end)-radius",
    "nesting, layers and containers": r"@layer|@container|(?m:^\s*&)",
    "colour functions": r"color-mix\(|oklch\(|light-dark\(",
    "viewport units": r"\d[sdl]v[hw]\b",
}


def test_styles_and_scripts_are_understood_by_wechats_older_browsers() -> None:
    """WeChat's own browser on Android can be as old as Chrome 86."""
    static = Path(django_settings.BASE_DIR) / "static" / "site"
    css = (static / "zizhi.css").read_text(encoding="utf-8")
    assert {name for name, pattern in TOO_NEW.items() if re.search(pattern, css)} == set()
    bundled = re.findall(r"(?m)^[^{}@]*:has\([^{}]*,[^{}]*\{|^[^{}@]*,[^{}]*:has\([^{}]*\{", css)
    dropped = [rule for rule in bundled if not all(":has(" in each for each in _selectors(rule))]
    assert dropped == [], "an old browser drops the whole rule, with its other selectors"
    for name in ("first.js", "forms.js"):
        script = (static / name).read_text(encoding="utf-8")
        assert not re.search(
            r"\?\?=|\|\|=|&&=|\.at\(|structuredClone|Object\.hasOwn|#\w+\s*[=(;]", script
        )


def _selectors(rule: str) -> list[str]:
    """Return the selectors of a rule, which commas outside of brackets part."""
    found, depth = [""], 0
    for character in rule.rstrip("{"):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and not depth:
            found.append("")
        else:
            found[-1] += character
    return found
