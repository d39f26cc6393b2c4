"""Tests that the page of mails has no errors, fits the screen and is accessible, and that its links
work.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string
from django.utils import timezone
from playwright.sync_api import expect

from events.sms import simulated_sms
from events.sms.base import Message
from tests.browser.conftest import DESK, PHONE, Visitor
from tests.browser.test_pages import is_for_everybody

TEXT = Message(
    "m-1",
    "+8613912345678",
    "资质",
    "verification_code",
    {"code": "739156"},
    "【资质】验证码：739156，5 分钟内有效。请勿告诉他人，我们的工作人员不会向你索要。",
)
pytestmark = pytest.mark.django_db(transaction=True)


def deliver(link: str) -> None:
    context = {"link": link, "company": "云溪市示例科技有限公司", "subject": "验证邮箱"}
    message = EmailMultiAlternatives("验证邮箱", f"请打开 {link}", to=["hr@example.com"])
    message.attach_alternative(
        render_to_string("email/account/verify_email.html", context), "text/html"
    )
    get_connection("config.trying_out.kept_mail.Backend").send_messages([message])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (PHONE | {"locale": "zh-CN"}, ("还没有邮件", "打开邮件中的链接", "1 条新消息", "查看")),
        (DESK | {"locale": "en-US"}, ("No messages yet", "Open the link", "1 new message", "Show")),
    ],
    ids=["zh-phone", "en-desk"],
)
def test_a_mail_arrives_and_leads_on(
    visit: Visitor,
    settings: Any,
    tmp_path: Path,
    live_server: Any,
    options: dict[str, Any],
    said: tuple[str, ...],
) -> None:
    settings.MAILS_KEPT, settings.MAILS_DIR, settings.VAR_DIR = True, tmp_path, tmp_path
    empty, press, arrived, show = said
    visitor = visit(**options)
    page = visitor.go("/try/mails")
    expect(page.get_by_text(empty)).to_be_visible()
    is_for_everybody(visitor, "empty")
    deliver(f"{live_server.url}/case/help/")
    expect(page.get_by_text(arrived)).to_be_visible()
    page.get_by_role("link", name=show, exact=True).click()
    frame = page.frame_locator("iframe")
    expect(frame.locator(".go a")).to_be_visible()
    is_for_everybody(visitor, "one mail")
    with visitor.context.expect_page() as opened:
        frame.locator(".go a").click()
    opened.value.wait_for_url("**/case/help/")
    opened.value.close()
    page.get_by_role("link", name=press).click()
    page.wait_for_url("**/case/help/")


@pytest.mark.parametrize("options", [PHONE | {"locale": "zh-CN"}, DESK | {"locale": "en-US"}])
def test_a_text_message_arrives(
    visit: Visitor, settings: Any, tmp_path: Path, options: dict[str, Any]
) -> None:
    settings.MAILS_KEPT, settings.MAILS_DIR, settings.VAR_DIR = True, tmp_path, tmp_path
    settings.SMS_PROVIDER = "simulator"
    visitor = visit(**options)
    page = visitor.go("/try/mails")
    simulated_sms().send(TEXT, timezone.now())
    page.get_by_role("status").get_by_role("link").click()
    expect(page.get_by_role("article")).to_contain_text("739156")
    is_for_everybody(visitor, "a text message")
