"""Tests that mails are kept when trying the product out, and are shown only on that machine."""

from __future__ import annotations

import runpy
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives, get_connection
from django.test import Client
from django.utils import timezone

from config.trying_out import kept_mail
from events.delivery import mail as sending
from events.models import Mail
from events.sms import simulated_sms
from events.sms.base import Message
from tests.factories import make_user

SETTINGS = Path(__file__).resolve().parents[3] / "config" / "settings.py"
PAGE = "/try/mails"
HOST = "localhost:8000"


@pytest.fixture
def kept(settings: Any, tmp_path: Path) -> Path:
    """The folder of kept mails."""
    settings.MAILS_KEPT, settings.MAILS_DIR = True, tmp_path / "mails"
    settings.VAR_DIR = tmp_path
    return tmp_path / "mails"


def deliver(
    subject: str = "Confirm",
    to: str = "a@b.example",
    text: str = "",
    html: str = "<html><head></head><body>Hi</body></html>",
) -> None:
    message = EmailMultiAlternatives(
        subject, text or "Open http://localhost:8000/verify-email/a:b/ now.", to=[to]
    )
    if html:
        message.attach_alternative(html, "text/html")
    get_connection("config.trying_out.kept_mail.Backend").send_messages([message])


def at_home(**headers: str) -> Client:
    """Return a browser on the same machine."""
    return Client(HTTP_HOST=HOST, REMOTE_ADDR="127.0.0.1", headers=headers)


# --- Keeping --------------------------------------------------------------------------------------


def test_a_mail_is_one_line_in_the_terminal_without_its_links(
    kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (
        "你好，\n\n请打开 http://localhost:8000/verify-email/WyJ:1x:y-Z_/。"
        "\n\nhttp://localhost:8000/case/help/"
    )
    deliver(
        "确认云溪市示例科技有限公司的电子邮箱地址，以便继续完成认证，谢谢" * 2, "hr@b.example", text
    )
    deliver("No link", text="A word.")
    subject = "确认云溪市示例科技有限公司的电子邮箱地址，以便继续完成认证，谢谢" * 2
    assert capsys.readouterr().out.splitlines() == [
        f"mail to hr@b.example: {subject}",
        "mail to a@b.example: No link",
    ]


def test_mails_are_for_the_owner_alone_and_bounded(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_mail, "AT_MOST", 3)
    for number in range(5):
        deliver(f"Number {number}")
    assert [mail.subject for mail in kept_mail.newest_mails(kept)] == [
        "Number 4",
        "Number 3",
        "Number 2",
    ]
    assert kept.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in kept.iterdir()} == {0o600}
    assert len(list(kept.iterdir())) == 3


@pytest.mark.django_db
def test_the_queue_forgets_whom_it_wrote_to_all_the_same(
    kept: Path, settings: Any, now: datetime
) -> None:
    settings.EMAIL_BACKEND = "config.trying_out.kept_mail.Backend"
    row = sending.queue_mail("a@b.example", "password_reset", "en", {"path": "/password/x/y/"}, now)
    assert sending.send_mail(row.pk, now, "http://localhost:8000")
    assert (Mail.objects.get().to, Mail.objects.get().context) == ("", {})
    (mail,) = kept_mail.newest_mails(kept)
    assert (mail.to, mail.links[0]) == ("a@b.example", "http://localhost:8000/password/x/y/")


@pytest.mark.parametrize(
    ("site", "url"),
    [("https://hr.example", "keptmail://"), ("http://localhost.hr.example", "keptmail://")],
)
def test_no_deployment_keeps_mails(monkeypatch: pytest.MonkeyPatch, site: str, url: str) -> None:
    monkeypatch.setenv("ZIZHI_STAFF_SECOND_FACTOR", "required")
    monkeypatch.setenv("ZIZHI_SITE_URL", site)
    assert runpy.run_path(str(SETTINGS))["MAILS_KEPT"] is False
    monkeypatch.setenv("ZIZHI_EMAIL_URL", url)
    with pytest.raises(ImproperlyConfigured, match=r"^ZIZHI_EMAIL_URL is keptmail"):
        runpy.run_path(str(SETTINGS))


def test_on_this_machine_they_are_kept_and_not_printed_unless_chosen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also if the processes are started by hand, without `make run`."""
    monkeypatch.setenv("ZIZHI_SITE_URL", "http://localhost:8000")
    monkeypatch.delenv("ZIZHI_EMAIL_URL", raising=False)
    assert runpy.run_path(str(SETTINGS))["EMAIL_BACKEND"] == "config.trying_out.kept_mail.Backend"
    monkeypatch.setenv("ZIZHI_EMAIL_URL", "consolemail://")
    assert runpy.run_path(str(SETTINGS))["MAILS_KEPT"] is False


# --- Who may look ---------------------------------------------------------------------------------


def test_the_page_is_there_for_whoever_tries_it_out(kept: Path) -> None:
    for host, address in (
        (HOST, "127.0.0.1"),
        ("127.0.0.1:8000", "127.0.0.1"),
        ("[::1]:8000", "::1"),
    ):
        assert Client(HTTP_HOST=host, REMOTE_ADDR=address).get(PAGE).status_code == 200, host


@pytest.mark.parametrize(
    "request_of",
    [
        {"REMOTE_ADDR": "192.168.1.7"},
        {"REMOTE_ADDR": ""},
        {"REMOTE_ADDR": "unix:"},
        {"HTTP_HOST": "hr.example"},
        {"HTTP_HOST": "localhost.hr.example"},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_FORWARDED": "for=127.0.0.1"},
        {"HTTP_X_REAL_IP": "127.0.0.1"},
        {"HTTP_VIA": "1.1 proxy"},
    ],
    ids=str,
)
def test_to_everybody_else_it_does_not_exist(
    kept: Path, settings: Any, request_of: dict[str, str]
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    deliver()
    (key,) = kept_mail.mail_keys(kept)
    client = Client(**({"HTTP_HOST": HOST, "REMOTE_ADDR": "127.0.0.1"} | request_of))
    for path in ("/try/", PAGE, f"{PAGE}?after=0", f"{PAGE}/{key}"):
        assert client.get(path).status_code == 404, path
    assert PAGE not in client.get("/password/sent/").content.decode()


def test_where_mails_are_sent_it_does_not_exist(kept: Path, settings: Any) -> None:
    deliver()
    settings.MAILS_KEPT = False
    assert at_home().get(PAGE).status_code == 404
    assert PAGE not in at_home().get("/password/sent/").content.decode()


def test_behind_a_proxy_it_does_not_exist(kept: Path, settings: Any) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert at_home().get(PAGE).status_code == 404


def test_it_only_shows(kept: Path) -> None:
    assert at_home().post(PAGE).status_code == 405


def test_the_short_address_leads_to_the_page(kept: Path) -> None:
    shown = at_home().get("/try/", follow=True)
    assert shown.status_code == 200 and shown.redirect_chain == [(PAGE, 302)]


# --- What is seen ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "said"), [("zh-hans", "还没有邮件或短信"), ("en", "No messages yet")]
)
def test_without_mails_it_says_how_to_get_one(kept: Path, language: str, said: str) -> None:
    page = at_home(accept_language=language).get(PAGE).content.decode()
    assert said in page and "/register/" in page and "<article" not in page


def test_the_newest_is_on_top_with_its_link(kept: Path) -> None:
    deliver("Older")
    deliver(
        "Newer & <b>bold</b>",
        text="Here: http://localhost:8000/case/?a=1&b=2 and https://x.example/.",
    )
    response = at_home(accept_language="en").get(PAGE)
    page = response.content.decode()
    assert page.index("Newer &amp; &lt;b&gt;bold&lt;/b&gt;") < page.index("Older")
    assert (
        'href="http://localhost:8000/case/?a=1&amp;b=2"' in page
        and 'href="https://x.example/"' in page
    )
    assert "no-store" in response["Cache-Control"]
    assert "frame-src 'self'" in response["Content-Security-Policy"]


def test_a_link_that_is_no_address_is_not_offered(kept: Path) -> None:
    deliver(text="javascript:alert(1) data:text/html,x", html="")
    page = at_home().get(PAGE).content.decode()
    assert 'href="javascript:' not in page and 'href="data:' not in page and "<iframe" not in page


def test_the_mail_itself_is_in_a_sandbox(kept: Path) -> None:
    deliver(
        html=(
            "<html><head><title>x</title></head><body><script>alert(1)</script><a"
            " href='/'>go</a></body></html>"
        )
    )
    (key,) = kept_mail.mail_keys(kept)
    response = at_home().get(f"{PAGE}/{key}")
    policy = {
        part.split()[0]: part.split()[1:] for part in response["Content-Security-Policy"].split(";")
    }
    assert policy == {
        "default-src": ["'none'"],
        "style-src": ["'unsafe-inline'"],
        "frame-ancestors": ["'self'"],
        "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
    }
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert '<base target="_blank">' in response.content.decode()


@pytest.mark.parametrize("key", ["nothing", "0000000000000000000-00000000", "..%2F..%2Fsettings"])
def test_there_is_nothing_under_another_name(kept: Path, key: str) -> None:
    kept.mkdir()
    assert at_home().get(f"{PAGE}/{key}").status_code == 404


def test_the_page_is_told_how_many_came_since(kept: Path) -> None:
    deliver()
    first = kept_mail.mail_keys(kept)[0]
    ask = {"after": first}
    assert "new mail" not in at_home(accept_language="en").get(PAGE, ask).content.decode()
    deliver()
    deliver()
    told = at_home(accept_language="en").get(PAGE, ask).content.decode()
    assert "2 new messages." in told and first in told and "<html" not in told


def text(at: datetime, code: str, number: str = "+8613912345678") -> None:
    message = Message(code, number, "资质", "code", {"code": code}, f"【资质】验证码：{code}")
    simulated_sms().send(message, at)


def test_text_messages_are_among_the_mails_by_time(kept: Path, settings: Any) -> None:
    now = timezone.now()
    text(now - timedelta(minutes=9), "111111")
    deliver()
    text(now + timedelta(minutes=9), "222222")
    page = at_home(accept_language="en").get(PAGE).content.decode()
    assert page.count("<article") == 3
    assert page.index("222222") < page.index("<iframe") < page.index("111111")
    assert "+8613912345678" in page
    told = at_home(accept_language="en").get(PAGE, {"after": kept_mail.mail_keys(kept)[0]})
    assert "1 new message." in told.content.decode()


def test_text_messages_are_seen_nowhere_else(kept: Path, settings: Any) -> None:
    text(timezone.now(), "111111")
    settings.SMS_PROVIDER = "aliyun"
    assert "111111" not in at_home().get(PAGE).content.decode()
    settings.SMS_PROVIDER, settings.MAILS_KEPT = "simulator", False
    assert at_home().get(PAGE).status_code == 404


@pytest.mark.django_db
def test_who_waits_for_a_mail_is_led_there(kept: Path, now: datetime) -> None:
    client = at_home()
    client.force_login(make_user(now))
    waiting = client.get("/case/", follow=True)
    assert waiting.redirect_chain[-1][0] == "/register/address/"
    assert f'href="{PAGE}"' in waiting.content.decode()
    assert f'href="{PAGE}"' in at_home().get("/password/sent/").content.decode()


def test_the_link_of_a_text_message_can_be_opened(kept: Path, settings: Any) -> None:
    """Messages name no scheme, and the trial has a port."""
    settings.SITE_URL = "http://localhost:8017"
    said = "【资质】示例公司邀请你一起招聘，7 天内有效：localhost:8017/j/AbC-_1"
    simulated_sms().send(Message("m-9", "+8613912345678", "资质", "x", {}, said), timezone.now())
    page = at_home().get(PAGE).content.decode()
    assert 'href="http://localhost:8017/j/AbC-_1"' in page
