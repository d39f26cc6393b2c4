"""Tests of alerts to staff: told once, bundled, sent at the providers' pace, and never lost
silently.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail as outbox
from django.db import transaction
from django.utils import timezone

from events import tasks
from events.core.errors import Refused
from events.core.sealing import seal_text
from events.delivery import alert_channels, alert_delivery, alert_texts, alerts, mail, safe_http
from events.delivery.alert_channels import PROVIDERS
from events.delivery.alerts import State
from events.models import (
    Alert,
    AlertChannel,
    AlertKind,
    AlertMessage,
    AlertOutcome,
    ChannelKind,
    Mail,
    Said,
)
from tests.fakes.chat_server import ANSWERS, STOPPING, Chat, chatting

pytestmark = pytest.mark.django_db
SITE = "https://zizhi.example"
CHATS = [kind for kind in ChannelKind if kind != ChannelKind.MAIL]
HOUR = timedelta(hours=1)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture(params=CHATS)
def chat(request: pytest.FixtureRequest) -> Iterator[Chat]:
    with chatting(request.param) as server:
        yield server


def make_channel(
    now: datetime, kind: str = "slack", url: str = "https://hooks.slack.com/services/x", **more: Any
) -> AlertChannel:
    secret = more.pop("secret", "")
    channel = AlertChannel(
        name="On call", kind=kind, **{"language": "en", "created_at": now, "due_at": now} | more
    )
    channel.address_sealed = seal_text(url, channel.address_purpose)
    channel.secret_sealed = seal_text(secret, channel.secret_purpose) if secret else ""
    channel.save()
    return channel


def send(channel: AlertChannel, at: datetime, **more: Any) -> bool:
    sent = alert_delivery.send_waiting(channel.pk, lambda: at, SITE, local=True, **more)
    channel.refresh_from_db()
    return sent


def call_canary(now: datetime, key: str = "1") -> bool:
    return alerts.raise_alert(AlertKind.CANARY, key, {"restricted": True}, now, path="/console/x/")


# --- Every provider, over the wire ----------------------------------------------------------------


def test_each_provider_gets_a_text_with_a_link(chat: Chat, now: datetime) -> None:
    channel = make_channel(now, chat.kind, chat.url)
    call_canary(now)
    assert send(channel, now)
    assert alert_texts.HEAD in chat.texts[0] and f"{SITE}/console/x/" in chat.texts[0]
    message = AlertMessage.objects.get()
    assert message.outcome == AlertOutcome.SENT and channel.last_success_at == now
    pace = PROVIDERS[ChannelKind(chat.kind)].pace
    assert channel.due_at == now + timedelta(seconds=pace)


@pytest.mark.parametrize("chat", [kind for kind in CHATS if PROVIDERS[kind].signs], indirect=True)
def test_the_signature_of_each_provider_that_has_one(chat: Chat, now: datetime) -> None:
    chat.secret = "SEC+/=&a secret"
    good = make_channel(now, chat.kind, chat.url, secret=chat.secret)
    bad = make_channel(now, chat.kind, chat.url, secret="another")
    call_canary(now)
    assert send(good, now) and not send(bad, now)
    assert len(chat.texts) == 1 and good.stopped_at is None and bad.stopped_at == now


def test_what_only_a_person_can_mend_stops_the_channel(chat: Chat, now: datetime) -> None:
    for says in [each for each in STOPPING if each in ANSWERS[chat.kind]]:
        channel = make_channel(now, chat.kind, chat.url)
        call_canary(now, says)
        chat.says = says
        assert not send(channel, now)
        assert channel.stopped_at == now, says
        text = ANSWERS[chat.kind][says][1]
        assert text[:60] in channel.answer, "the provider's own words"
        waiting = channel.messages.get()
        assert waiting.finished_at is None, "it is sent if a person mends the channel in time"
        received = len(chat.receiver.got)
        assert not send(channel, now + HOUR) and len(chat.receiver.got) == received
        AlertChannel.objects.all().update(active=False)


def test_a_rate_limit_is_waited_out_and_nothing_is_lost(chat: Chat, now: datetime) -> None:
    for says in [each for each in ("busy", "busy-too") if each in ANSWERS[chat.kind]]:
        channel = make_channel(now, chat.kind, chat.url)
        call_canary(now, says)
        chat.says = says
        assert not send(channel, now)
        wait = timedelta(seconds=PROVIDERS[ChannelKind(chat.kind)].blocked)
        assert channel.due_at == now + wait and channel.stopped_at is None, says
        chat.says = "ok"
        assert not send(channel, now + wait - timedelta(seconds=1)), "it rests"
        assert send(channel, now + wait) and not channel.failures
        AlertChannel.objects.all().update(active=False)


def test_one_refused_text_does_not_stop_the_channel(chat: Chat, now: datetime) -> None:
    channel = make_channel(now, chat.kind, chat.url)
    call_canary(now)
    chat.says = "content"
    assert not send(channel, now)
    refused = AlertMessage.objects.get()
    assert refused.outcome == AlertOutcome.DEAD and refused.answer == channel.answer != ""
    assert channel.stopped_at is None
    chat.says = "ok"
    call_canary(now, "2")
    assert send(channel, now + HOUR)


def test_a_server_that_is_down_is_asked_again(chat: Chat, now: datetime) -> None:
    channel = make_channel(now, chat.kind, chat.url)
    call_canary(now)
    chat.says = "system"
    assert not send(channel, now)
    assert channel.failures == 1 and channel.failing_since == now < channel.due_at
    chat.says = "ok"
    assert send(channel, channel.due_at)
    assert AlertMessage.objects.get().outcome == AlertOutcome.SENT


def test_an_answer_that_no_provider_gives_is_no_success(now: datetime) -> None:
    """Such as the page of a captive portal, with status 200."""
    for kind in CHATS:
        for body in ("<html>welcome</html>", "", "[]", '{"errmsg":"ok"}', '{"errcode":true}'):
            response = safe_http.Response(200, "", 1, body)
            verdict = alert_channels.verdict_of(kind, response, now)
            assert verdict.result is alert_channels.Result.DOWN, (kind, body)


def test_nobody_is_mentioned_and_nothing_is_formatted(chat: Chat, now: datetime) -> None:
    evil = '<!channel> <at user_id="all">all</at> [x](https://evil.example) <@all> *b*'
    channel = make_channel(now, chat.kind, chat.url)
    alert_delivery.post_text(channel, evil, now, local=True)
    said = chat.texts[0]
    if chat.kind == "slack":
        assert "<" not in said and "&lt;!channel&gt;" in said
    if chat.kind in ("feishu", "lark"):
        assert "<" not in said
    message = json.loads(chat.receiver.got[0].body)
    assert message.get("at", {"isAtAll": False})["isAtAll"] is False
    assert (
        not message.get("text")
        or chat.kind == "slack"
        or "@all" not in str({**message["text"], "content": ""})
    )
    assert message.get("mrkdwn", False) is False


# --- Addresses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/robot/send?access_token=x",
        "https://oapi.dingtalk.com.evil.example/robot/send?access_token=x",
        "https://oapi.dingtalk.com/topapi/message?access_token=x",
        "https://oapi.dingtalk.com:8443/robot/send?access_token=x",
        "http://oapi.dingtalk.com/robot/send?access_token=x",
        "https://me@oapi.dingtalk.com/robot/send?access_token=x",
        "https://127.0.0.1/robot/send",
        "nonsense",
    ],
)
def test_only_the_providers_own_webhooks_are_accepted(url: str) -> None:
    alert_channels.check_address(
        ChannelKind.DINGTALK, "https://oapi.dingtalk.com/robot/send?access_token=x", local=False
    )
    with pytest.raises(Refused) as refused:
        alert_channels.check_address(ChannelKind.DINGTALK, url, local=False)
    assert refused.value.code == "alert_url_wrong"


def test_the_hint_hides_the_token() -> None:
    url = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=0123456789abcdef"
    hint = alert_channels.hint_of(ChannelKind.WECOM, url)
    assert hint == "qyapi.weixin.qq.com …cdef"


# --- Once -----------------------------------------------------------------------------------------


def test_a_lasting_state_is_told_once_then_after_hours_and_its_end_once(now: datetime) -> None:
    make_channel(now)
    kind, again = AlertKind.PROVIDER_DOWN, alerts.TOLD[AlertKind.PROVIDER_DOWN].again
    assert again is not None
    down = {"mail": State({"what": "mail", "count": 3})}
    for at in (now, now + HOUR, now + again, now + again + HOUR):
        alerts.report_states(kind, down, at)
    assert list(AlertMessage.objects.values_list("said", flat=True)) == [Said.RAISED, Said.STILL]
    for _ in range(2):
        alerts.report_states(kind, {}, now + 2 * again)
    alerts.report_states(kind, down, now + 3 * again)
    said = list(AlertMessage.objects.order_by("pk").values_list("said", flat=True))
    assert said == [Said.RAISED, Said.STILL, Said.ENDED, Said.RAISED]


def test_a_reporter_ends_only_what_it_knows_about(now: datetime) -> None:
    kind = AlertKind.PROVIDER_DOWN
    alerts.report_states(kind, {"relays": State({"what": "relays"})}, now)
    alerts.report_states(kind, {}, now, among=["mail"])
    assert Alert.objects.get().ended_at is None


def test_an_occurrence_is_told_once(now: datetime) -> None:
    make_channel(now)
    assert call_canary(now) and not call_canary(now + 100 * HOUR)
    assert AlertMessage.objects.count() == 1


def test_a_channel_gets_only_the_kinds_that_it_wants(now: datetime) -> None:
    wants = make_channel(now, kinds=["canary"])
    make_channel(now, kinds=["leak"])
    make_channel(now, active=False)
    call_canary(now)
    assert AlertMessage.objects.get().channel == wants


# --- Together -------------------------------------------------------------------------------------


def test_a_flood_is_one_message(now: datetime) -> None:
    with chatting("wecom") as chat:
        channel = make_channel(now, "wecom", chat.url, language="zh-hans")
        for number in range(17):
            due = (now + HOUR).isoformat()
            params = {"case": f"case-{number:04}", "due": due}
            alerts.raise_alert(AlertKind.SLA_SOON, str(number), params, now, path="/console/c/")
        assert send(channel, now)
        (text,) = chat.texts
    assert "还有 12 条提醒" in text and "case-000" in text
    assert len(text.encode()) <= alert_texts.BYTES_AT_MOST
    assert not AlertMessage.objects.filter(finished_at=None).exists()


def test_a_mail_channel_queues_one_mail(now: datetime) -> None:
    channel = make_channel(now, "mail", "oncall@example.com")
    call_canary(now)
    call_canary(now, "2")
    assert send(channel, now)
    letter = Mail.objects.get()
    assert letter.to == "oncall@example.com" and letter.template == "staff_alert"
    assert mail.send_mail(letter.pk, now, SITE)
    sent = outbox.outbox[0]
    assert sent.subject == "2 alerts from Zizhi" and f"{SITE}/console/x/" in sent.body


# --- Twice, late, at once -------------------------------------------------------------------------


def test_a_channel_occupies_one_worker_and_a_dead_ones_work_is_taken_over(now: datetime) -> None:
    with chatting("slack") as chat:
        channel = make_channel(now, "slack", chat.url)
        call_canary(now)
        assert AlertChannel.objects.claim(channel.pk, now, alert_delivery.LEASE_SECONDS)
        assert not send(channel, now + timedelta(seconds=59)) and not chat.texts
        assert send(channel, now + timedelta(seconds=60)) and len(chat.texts) == 1


def test_a_lost_message_is_made_up_for_by_the_sweep(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits, rests = make_channel(now), make_channel(now)
    make_channel(now, stopped_at=now)
    call_canary(now)
    AlertChannel.objects.filter(pk=rests.pk).update(due_at=now + HOUR)
    make_channel(now)  # nothing waits for it
    sent: list[str] = []
    monkeypatch.setattr(tasks.send_alerts, "delay", sent.append)
    tasks.sweep_alerts()
    assert sent == [str(waits.pk)]


def test_a_lost_lease_writes_nothing(now: datetime) -> None:
    channel = make_channel(now)
    call_canary(now)

    def taken_over_meanwhile(*_: Any, **__: Any) -> safe_http.Response:
        AlertChannel.objects.update(lease=uuid4())
        return safe_http.Response(404, "", 1, "no_service")

    assert not send(channel, now, post=taken_over_meanwhile)
    assert channel.stopped_at is None and AlertMessage.objects.get().finished_at is None


def test_what_is_raised_in_a_transaction_that_fails_is_not_told(now: datetime) -> None:
    make_channel(now)
    with transaction.atomic():
        call_canary(now)
        transaction.set_rollback(True)
    assert not AlertMessage.objects.exists() and call_canary(now)


def test_an_answer_that_repeats_the_token_does_not_reveal_it(now: datetime) -> None:
    url = "https://hooks.slack.com/services/T0/B0/the-token"
    channel = make_channel(now, url=url, secret="a-secret")
    call_canary(now)
    answer = safe_http.Response(404, "", 1, f"no_service {url} the-token a-secret")
    send(channel, now, post=lambda *_, **__: answer)
    assert "no_service" in channel.answer
    assert "the-token" not in channel.answer and "a-secret" not in channel.answer


# --- Given up visibly -----------------------------------------------------------------------------


def test_a_failing_channel_is_told_once_and_its_alerts_are_given_up_after_a_day(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[datetime] = []
    monkeypatch.setattr(
        alert_delivery._Troubles, "told", staticmethod(lambda channel, at: told.append(at))
    )
    channel, at = make_channel(now), now
    call_canary(now)
    while AlertMessage.objects.filter(finished_at=None).exists():
        send(channel, at, post=lambda *_, **__: safe_http.Response(None, "timeout", 1))
        at = max(at + timedelta(minutes=1), channel.due_at)
    assert len(told) == 1 and told[0] >= now + HOUR
    dead = AlertMessage.objects.get()
    assert dead.outcome == AlertOutcome.DEAD and dead.answer == "timeout"
    assert dead.finished_at and dead.finished_at - now >= alert_delivery.GIVEN_UP_AFTER


def test_alerts_of_a_stopped_channel_are_given_up_too(now: datetime) -> None:
    make_channel(now, stopped_at=now, answer="HTTP 404 no_service")
    call_canary(now)
    assert alert_delivery.give_up_old(now + HOUR) == 0
    assert alert_delivery.give_up_old(now + 25 * HOUR) == 1
    assert AlertMessage.objects.get().answer == "HTTP 404 no_service"


def test_old_rows_are_forgotten(now: datetime) -> None:
    make_channel(now)
    call_canary(now)
    AlertMessage.objects.update(finished_at=now)
    assert alerts.forget_old_alerts(now + timedelta(days=89)) == 0
    assert alerts.forget_old_alerts(now + timedelta(days=91)) == 2


# --- Texts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_each_kind_speaks_both_languages(language: str, now: datetime) -> None:
    params: dict[str, Any] = {
        "case": "0123456789",
        "due": now.isoformat(),
        "count": 3,
        "limit": 2,
        "what": "mail",
        "minutes": 10,
        "endpoint": "0123456789",
        "restricted": False,
        "first": "2026-11-27",
        "last": "2026-11-29",
        "median": None,
        "kept": 90,
        "oldest": None,
        "decided": 1,
        "target": 16,
        "automatic": 1,
        "waiting": 1,
        "late": 0,
        "appeals": 0,
        "allowed": 1,
        "refused": 1,
        "canaries": 0,
        "leaks": 0,
        "mails": 0,
        "webhooks": 0,
        "used": "nearly",
    }
    for kind in AlertKind:
        said = {
            each: alert_texts.lines_of(
                [AlertMessage(kind=kind, said=each, params=params)], language, SITE
            )[0].text
            for each in Said
        }
        assert all(said.values()) and said[Said.STILL] != said[Said.RAISED]
        if alerts.TOLD[kind].end:
            assert said[Said.ENDED] != said[Said.RAISED]
        has_chinese = any("\u4e00" <= character <= "\u9fff" for character in said[Said.RAISED])
        assert has_chinese == (language == "zh-hans"), said
