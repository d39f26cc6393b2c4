"""Tests of queueing text messages: what is stored, and the quotas."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from events.core.errors import Refused
from events.delivery.sms import queue_sms, sms_ready
from events.models import Sms, SmsDay

pytestmark = pytest.mark.django_db
NOW = timezone.make_aware(datetime(2026, 11, 27, 12, 0))
NUMBER = "+8613912345678"


def code(
    to: str = NUMBER,
    at: datetime = NOW,
    *,
    payer: str = "accounts",
    network: str = "",
    account: str = "",
) -> Sms:
    params = {"code": "123456", "minutes": "5"}
    who = {"payer": payer, "network": network, "account": account}
    return queue_sms(to, "verification_code", "zh-hans", params, at, **who)


def test_a_queued_message_reveals_neither_number_nor_code() -> None:
    sms = code(network="203.0.113.7", account="17")
    assert sms_ready()
    row = str(Sms.objects.values().get(pk=sms.pk))
    for secret in ("13912345678", "12345", "203.0.113"):
        assert secret not in row.replace(str(sms.pk), "")
    assert sms.segments == 1
    assert SmsDay.objects.get(payer="accounts").cost == 500


def test_a_number_gets_one_message_a_minute() -> None:
    code()
    with pytest.raises(Refused, match="sms_too_many") as refused:
        code("139 1234 5678", NOW + timedelta(seconds=59))
    assert refused.value.details == {"until": "2026-11-27 12:01"}
    code(at=NOW + timedelta(seconds=60))
