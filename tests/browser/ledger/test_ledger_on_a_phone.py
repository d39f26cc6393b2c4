"""Tests of a candidate without an e-mail address: a text message brings them to their page on a
phone, where they see who has the resume, read it in large type, and save what it offers.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from downloads import text_queue
from downloads.candidates import operations, texts
from downloads.models import Candidate, CandidateText, Mode, RelayBinding
from downloads.relays import provider_sync
from employers.accounts import api_clients
from events.core.actor import SYSTEM
from events.delivery.sms import send_sms
from events.models import Sms
from events.sms import simulated_sms
from tests.browser.conftest import DESK, PHONE, Visitor
from tests.browser.test_pages import is_for_everybody
from tests.downloads.platform import Live
from tests.downloads.relays.relay_numbers import CALLERS, give_phone, requested

pytestmark = pytest.mark.django_db(transaction=True)

WECHAT = (
    "Mozilla/5.0 (Linux; Android 10) AppleWebKit/537.36 Chrome/86.0.4240.99 Mobile Safari/537.36"
    " MicroMessenger/8.0.2"
)


@pytest.fixture(autouse=True)
def _by_day(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the hour of the test, it is day; and the relay provider has books of its own."""
    settings.VAR_DIR, settings.RELAYS, settings.SMS_PROVIDER = tmp_path, "simulator", "simulator"
    for module in (text_queue, texts):
        monkeypatch.setattr(module, "not_in_quiet_hours", lambda moment: moment)


def told(live: Live, now: datetime, language: str) -> list[str]:
    """Have the candidate told of a release and of a number, and return their messages."""
    live.employer.name = "江城市宏图人力资源服务有限公司"
    live.employer.save()
    api_clients.text_candidates(live.client, True, SYSTEM, now)
    api_clients.set_candidate_settings_url(live.client, "https://jobs.example/me", SYSTEM, now)
    given = operations.Told(Mode.TELL_AFTER, phone="13912345678", language=language)
    operations.put_candidate(live.client, "c-1", given, now)
    live.take(now)
    give_phone(live.member, CALLERS[0])
    binding = requested(live.member, live.client, now)
    provider_sync.sync_binding(binding.pk, lambda: now)
    at = now
    for _ in range(3):
        at += timedelta(minutes=5)
        clock = partial(datetime.fromtimestamp, at.timestamp(), UTC)
        for text in CandidateText.objects.due(at).order_by("pk"):
            texts.work_on_text(text.pk, clock)
        for sms in Sms.objects.due(at):
            send_sms(sms.pk, at)
    return [message.text for message in simulated_sms().messages()]


def link_in(messages: list[str]) -> str:
    """Return the link of one message: that about a call and that about the release have one."""
    paths = [found[0] for each in messages if (found := re.search(r"/c/\w+$", each))]
    assert len(paths) == len(messages) == len(set(paths)) == 2
    return paths[0]


def fits(page: Page) -> bool:
    return bool(
        page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
    )


@pytest.mark.parametrize(
    ("language", "options"),
    [("zh-hans", PHONE), ("en", DESK), ("zh-hans", PHONE | {"java_script_enabled": False})],
    ids=["zh-phone", "en-desk", "zh-without-script"],
)
def test_a_message_leads_to_the_page(
    language: str, options: dict[str, Any], visit: Visitor, now: datetime
) -> None:
    live = Live(now)
    messages = told(live, now, language)
    number = RelayBinding.objects.get().number
    assert any(number in each and live.employer.name[:10] in each for each in messages)
    visitor = visit(**options)
    page = visitor.go(link_in(messages))
    assert page.url.endswith("/mine/")
    expect(page.get_by_text(live.employer.name).first).to_be_visible()
    expect(page.get_by_text(number)).to_be_visible()
    is_for_everybody(visitor, "told")
    save, contact, sizes = {
        "en": ("Save my data", "Save as contact", ("Large", "Very large")),
        "zh-hans": ("保存我的数据", "存为联系人", ("大", "特大")),
    }[language]
    with page.expect_download() as download:
        page.get_by_role("link", name=contact).click()
    assert "VERSION:3.0" in download.value.path().read_text(encoding="utf-8")
    with page.expect_download() as download:
        page.get_by_role("button", name=save).click()
    copy = json.loads(download.value.path().read_text(encoding="utf-8"))
    assert copy["releases"][0]["receiver"] == live.employer.name
    for size in sizes:
        page.get_by_role("button", name=size, exact=True).click()
        page.wait_for_load_state()
        pressed = page.get_by_role("button", name=size, exact=True)
        expect(pressed).to_have_attribute("aria-pressed", "true")
        assert fits(page), size
        is_for_everybody(visitor, f"type {size}")
    page.locator("details summary").first.click()
    assert fits(page), "opened"
    root = page.evaluate("getComputedStyle(document.documentElement).fontSize")
    assert root == "32px"
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name=save)).to_be_hidden()
    expect(page.get_by_text(live.employer.name).first).to_be_visible()


def test_in_wechat_the_page_moves_to_the_phones_browser(visit: Visitor, now: datetime) -> None:
    live = Live(now)
    messages = told(live, now, "zh-hans")
    inside = visit(**PHONE, user_agent=WECHAT)
    page = inside.go(link_in(messages))
    expect(page.get_by_role("button", name="保存我的数据")).to_have_count(0)
    is_for_everybody(inside, "wechat")
    page.get_by_role("link", name="用浏览器打开后保存").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("请用浏览器打开本页")
    is_for_everybody(inside, "wechat leaves")
    outside = visit(**PHONE)
    other = outside.go(page.url.removeprefix(outside.base))
    assert other.url.endswith("/mine/")
    with other.expect_download() as download:
        other.get_by_role("button", name="保存我的数据").click()
    assert json.loads(download.value.path().read_text(encoding="utf-8"))["type"]
    assert Candidate.objects.get().link_version == 1
