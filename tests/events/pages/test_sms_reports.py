"""Tests of the webhook that receives reports about text messages."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from events.delivery.sms import queue_sms, send_sms
from events.models import Sms, SmsOutcome
from events.sms import simulated_sms
from tests.fakes.sms_servers import Sent, aliyun_push, tencent_push

pytestmark = pytest.mark.django_db
SECRET = "s3cret-part-of-the-address"
PARAMS = {"code": "739156", "minutes": "5"}


def post(body: bytes, provider: str, secret: str = SECRET, **headers: str) -> Any:
    path = f"/sms/reports/{provider}/{secret}"
    return Client().post(path, body, "application/json", headers=headers)


def outcome() -> str:
    found: str = Sms.objects.get().outcome
    return found


def test_the_door_takes_signed_reports_alone(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    now = timezone.now() - timedelta(minutes=1)
    sms = queue_sms("13912345678", "verification_code", "en", PARAMS, now, payer="accounts")
    send_sms(sms.pk, now)
    (push,) = simulated_sms().pushes(timezone.now())
    assert post(push.body, "simulator").status_code == 404
    forged = {**push.headers, "x-sms-signature": "0" * 64}
    assert post(push.body, "simulator", **forged).status_code == 404
    assert post(push.body, "aliyun", **push.headers).status_code == 404
    assert outcome() == SmsOutcome.SENT
    for _ in range(2):
        answer = post(push.body, "simulator", **push.headers)
        assert (answer.status_code, answer.json()) == (200, {"ok": True})
    assert outcome() == SmsOutcome.DELIVERED
    assert Client().get(f"/sms/reports/simulator/{SECRET}").status_code == 405
    settings.SMS_PROVIDER = ""
    assert post(push.body, "simulator", **push.headers).status_code == 404


@pytest.mark.parametrize("provider", ["aliyun", "tencent"])
def test_each_provider_gets_the_answer_that_it_requires(settings: Any, provider: str) -> None:
    settings.SMS_PROVIDER, settings.SMS_CALLBACK_SECRET = provider, SECRET
    settings.SMS_KEY_ID = settings.SMS_KEY_SECRET = settings.SMS_APP_ID = "an account"
    now = timezone.now()
    sms = queue_sms("13912345678", "verification_code", "en", PARAMS, now, payer="accounts")
    Sms.objects.update(
        handed_at=now,
        finished_at=now,
        outcome=SmsOutcome.SENT,
        reference="900^0",
        content_sealed="",
    )
    sent = Sent("900^0", sms.pk.hex, "13912345678", {}, now)
    body = (aliyun_push if provider == "aliyun" else tencent_push)(sent, now)
    assert post(body, provider, "a-guessed-secret-of-an-address").status_code == 404
    assert outcome() == SmsOutcome.SENT
    answer = post(body, provider)
    assert answer.status_code == 200
    expected = {"code": 0, "msg": "接收成功"}, {"result": 0, "errmsg": "OK"}
    assert answer.json() == expected[provider == "tencent"]
    assert outcome() == SmsOutcome.DELIVERED
    for strange in (b"", b"{", b"[]" * 2, b"[1]"):
        assert post(strange, provider).status_code == 404
