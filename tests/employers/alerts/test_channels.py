"""Tests of channels of alerts: who operates them, what is sealed, told and recorded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.core import mail as outbox
from django.test import Client
from django.urls import reverse

from employers.alerts import channels
from employers.alerts.channels import Wanted
from employers.models import User
from events.core.errors import Refused
from events.delivery import alert_delivery, mail, safe_http
from events.models import AlertChannel, AlertKind, AlertMessage, ChannelKind, Event, Mail
from tests.factories import make_colleague, make_reviewer, sign_in
from tests.fakes.chat_server import Chat, chatting

pytestmark = pytest.mark.django_db
TOKEN = "0123456789abcdef"
URL = f"https://oapi.dingtalk.com/robot/send?access_token={TOKEN}"
CHANGELIST = "admin:events_alertchannel_changelist"


@pytest.fixture
def operator(now: datetime) -> User:
    return make_colleague(now, "Operators")


@pytest.fixture
def chat(settings: Any) -> Iterator[Chat]:
    settings.WEBHOOKS_LOCAL = True
    with chatting("dingtalk") as server:
        yield server


def wanted(**more: Any) -> Wanted:
    given = {"name": "值班群", "language": "zh-hans", "kinds": list(AlertKind), "address": URL}
    return Wanted(**given | more)


def create(by: User, now: datetime, **more: Any) -> AlertChannel:
    return channels.create_channel(ChannelKind.DINGTALK, wanted(**more), by, now, local=True)


def typed(**more: Any) -> dict[str, Any]:
    return {
        "kind": "dingtalk",
        "name": "值班群",
        "language": "zh-hans",
        "active": "on",
        "kinds": ["canary", "leak"],
        "address": URL,
        "secret": "SECabc",
    } | more


# --- Operations -----------------------------------------------------------------------------------


def test_the_address_and_the_secret_are_sealed_and_not_on_record(
    operator: User, now: datetime
) -> None:
    channel = create(operator, now, secret="SECabc")
    row = str(AlertChannel.objects.values().get())
    event = Event.objects.get(verb="create_alert_channel")
    for secret in (TOKEN, "SECabc"):
        assert secret not in row and secret not in str(event.data)
    assert alert_delivery.address_of(channel) == URL and channel.kinds == []


def test_the_superusers_are_told_of_each_change_and_never_the_address(
    operator: User, now: datetime
) -> None:
    root = make_reviewer(now)
    channel = create(operator, now)
    channels.change_channel(
        channel.pk, wanted(address="", active=False), operator, now, local=False
    )
    letters = list(Mail.objects.filter(template="staff_changed").order_by("pk"))
    assert [one.to for one in letters] == [root.email, root.email]
    for letter in letters:
        mail.send_mail(letter.pk, now, "https://zizhi.example")
    assert "值班群" in outbox.outbox[0].body and TOKEN not in outbox.outbox[0].body
    assert outbox.outbox[0].subject == "提醒渠道“值班群”"
    channel.refresh_from_db()
    assert not channel.active and alert_delivery.address_of(channel) == URL, "left as it was"


@pytest.mark.parametrize("group", ["Reviewers", "Seniors", "Leads", "Auditors"])
def test_only_operators_change_channels(group: str, operator: User, now: datetime) -> None:
    channel, other = create(operator, now), make_colleague(now, group)
    for act in (
        lambda: create(other, now),
        lambda: channels.change_channel(channel.pk, wanted(), other, now, local=False),
        lambda: channels.try_channel(channel.pk, other, now, local=False),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "not_allowed"


def test_a_new_address_starts_a_stopped_channel_again(operator: User, now: datetime) -> None:
    channel = create(operator, now)
    AlertChannel.objects.update(stopped_at=now, failures=3, answer="HTTP 200 token is not exist")
    channels.change_channel(channel.pk, wanted(address=""), operator, now, local=False)
    channel.refresh_from_db()
    assert channel.stopped_at == now
    channels.change_channel(channel.pk, wanted(), operator, now, local=False)
    channel.refresh_from_db()
    assert channel.stopped_at is None and channel.failures == 0 and channel.answer == ""


def test_a_stopped_channel_is_told_to_operators_by_mail(operator: User, now: datetime) -> None:
    channel = create(operator, now)
    AlertMessage.objects.create(
        channel=channel, kind="canary", said="raised", params={"restricted": True}, created_at=now
    )
    answer = safe_http.Response(200, "", 1, '{"errcode":310000,"errmsg":"sign not match"}')
    alert_delivery.send_waiting(channel.pk, lambda: now, "https://z", post=lambda *_, **__: answer)
    letter = Mail.objects.get(template="alert_channel_trouble")
    assert letter.to == operator.email and "sign not match" in letter.context["answer"]
    for language in ("en", "zh-hans"):
        letter.language = language
        body = mail.mail_message(letter, "https://zizhi.example", now).body
        assert "sign not match" in body and "值班群" in body


# --- The console ----------------------------------------------------------------------------------


def test_an_operator_adds_a_channel_and_sees_the_answer_to_a_test(
    operator: User, chat: Chat
) -> None:
    browser = sign_in(operator)
    browser.defaults["HTTP_ACCEPT_LANGUAGE"] = "zh-CN"
    chat.secret = "SECabc"
    added = browser.post(
        reverse("admin:events_alertchannel_add"), typed(address=chat.url), follow=True
    )
    channel = AlertChannel.objects.get()
    assert "t0ken" not in added.content.decode() and channel.kinds == ["canary", "leak"]
    test = reverse("admin:events_alertchannel_test", args=[channel.pk])
    assert "立即" in browser.get(test).content.decode() and chat.texts == []
    assert "对方已接收" in browser.post(test, follow=True).content.decode()
    assert len(chat.texts) == 1 and "值班群" in chat.texts[0]
    chat.says = "keyword"
    assert "keywords not in content" in browser.post(test, follow=True).content.decode()
    results = [event.data["result"] for event in Event.objects.filter(verb="test_alert_channel")]
    assert sorted(results) == ["accepted", "stopped"]
    assert AlertChannel.objects.get().stopped_at is None, "a failed test stops nothing"


def test_what_was_typed_is_kept_if_the_address_is_refused(operator: User) -> None:
    page = sign_in(operator).post(
        reverse("admin:events_alertchannel_add"), typed(address="https://evil.example/?t=1")
    )
    text = page.content.decode()
    assert "evil.example" in text and "SECabc" in text and "值班群" in text
    assert "oapi.dingtalk.com/robot/send" in text, "what is expected"
    assert not AlertChannel.objects.exists()
    mailed = sign_in(operator).post(
        reverse("admin:events_alertchannel_add"), typed(kind="mail", address="nobody")
    )
    assert mailed.status_code == 200 and not AlertChannel.objects.exists()


def test_auditors_look_and_reviewers_do_not(operator: User, now: datetime) -> None:
    channel = create(operator, now)
    message = AlertMessage.objects.create(
        channel=channel, kind="canary", said="raised", params={"restricted": True}, created_at=now
    )
    pages = {
        reverse(CHANGELIST): {"Operators": 200, "Auditors": 200, "Reviewers": 403},
        reverse("admin:events_alertchannel_change", args=[channel.pk]): {
            "Operators": 200, "Auditors": 200, "Reviewers": 403,
        },
        reverse("admin:events_alertmessage_change", args=[message.pk]): {
            "Operators": 200, "Auditors": 200, "Reviewers": 403,
        },
        reverse("admin:events_alertmessage_changelist"): {"Operators": 200, "Reviewers": 403},
        reverse("admin:events_alertchannel_edit", args=[channel.pk]): {
            "Operators": 200, "Auditors": 403, "Reviewers": 403,
        },
        reverse("admin:events_alertchannel_test", args=[channel.pk]): {"Auditors": 403},
        reverse("admin:events_alertchannel_add"): {"Operators": 200, "Auditors": 403},
    }  # fmt: skip
    for group in ("Operators", "Auditors", "Reviewers"):
        browser: Client = sign_in(make_colleague(now, group))
        for page, expected in pages.items():
            if group in expected:
                answer = browser.get(page)
                assert answer.status_code == expected[group], (group, page)
                assert TOKEN not in answer.content.decode()
