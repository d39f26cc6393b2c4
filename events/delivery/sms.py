"""Queues a text message in the caller's transaction; a worker sends it afterwards."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from events.core.errors import Refused
from events.core.sealing import blind_index, blind_indexes, seal_text
from events.delivery.sms_quotas import PURPOSES, Budget, check_subjects, lock_day, spend
from events.doorbell import notify_worker
from events.models import Sms
from events.sms.numbers import mainland_mobile
from events.sms.texts import TEXTS, Purpose, segments

BLOCKED: Final = "number_blocked"
BLOCKED_FOR: Final = timedelta(days=30)
"""How long a number that blocked our messages gets no notices. Verification codes are tried: its
owner asks for them.
"""


def sms_ready() -> bool:
    """Return whether there is a provider. If not, do not offer messages."""
    return bool(settings.SMS_PROVIDER)


def queue_sms(
    to: str,
    template: str,
    language: str,
    params: dict[str, str],
    now: datetime,
    *,
    payer: str,
    network: str = "",
    account: str = "",
) -> Sms:
    """Queue a text message. A worker is notified after the commit.

    `template` and `params` are those of `events.sms.texts.TEXTS`. `payer` is what the cost is
    counted for: a platform's id, or "accounts". `network` is where the request came from and
    `account` who made it (an account's id, or a browser's), if they did: both have quotas.

    The row of today's budget stays locked until the transaction ends, so queue messages last in it,
    and send none to anyone else in between.

    Raises Refused: `sms_unavailable`, `phone_invalid`, `phone_unsupported`, `sms_blocked`, and
    `sms_too_many` with the time of the next attempt in `details["until"]`. Raises ValueError for
    parameters that the text cannot have.
    """
    if not sms_ready():
        raise Refused("sms_unavailable", "phone")
    number, text = mainland_mobile(to), TEXTS[template]
    filled = text.filled(params)
    site = urlsplit(settings.SITE_URL).hostname or ""
    size = segments(text.written(filled, language, settings.SMS_SIGN, site))
    subjects = {"number": number, "network": network, "account": account}
    indexes = {
        f"{name}_index": blind_index(value, PURPOSES[name]) if value else ""
        for name, value in subjects.items()
    }
    sms = Sms(
        template=template,
        language=language,
        payer=payer,
        provider=settings.SMS_PROVIDER,
        segments=size,
        cost=size * settings.SMS_PRICE,
        created_at=now,
        due_at=now,
        **indexes,
    )
    sms.content_sealed = seal_text(json.dumps([number, filled]), sms.content_purpose)
    budget = Budget(settings.SMS_BUDGET, settings.SMS_BUDGET_PER_PAYER)
    with transaction.atomic():
        day = lock_day(now)
        if text.purpose is Purpose.NOTICE and _has_blocked(number, now):
            raise Refused("sms_blocked", "phone")
        check_subjects(subjects, now)
        spend(day, sms, text.purpose, budget)
        sms.save(force_insert=True)
    notify_worker("events.tasks.send_sms", sms.pk)
    return sms


def _has_blocked(number: str, now: datetime) -> bool:
    return Sms.objects.filter(
        number_index__in=blind_indexes(number, PURPOSES["number"]),
        failure=BLOCKED,
        created_at__gt=now - BLOCKED_FOR,
    ).exists()


def send_sms(sms_id: uuid.UUID, now: datetime) -> bool:
    """Hand message `sms_id` to the provider."""
    raise NotImplementedError
