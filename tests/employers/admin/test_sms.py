"""Tests of the console's pages for text messages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from employers.accounts.api_clients import create_api_client
from employers.models import Scope
from events.delivery.sms import queue_sms, send_sms
from events.models import Sms, SmsDay, SmsOutcome
from tests.factories import make_colleague, make_reviewer, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(now: datetime, settings: Any, tmp_path: Any) -> Sms:
    """A message that a platform pays for."""
    settings.VAR_DIR = tmp_path
    platform, _ = create_api_client("示例招聘网", [Scope.EVENTS_READ], now)
    params = {"company": "某某公司", "path": "s/8aZkQ2hh"}
    sms = queue_sms("13912345678", "candidate_told", "zh-hans", params, now, payer=str(platform.pk))
    send_sms(sms.pk, now)
    return sms


def test_messages_and_days_are_listed_without_numbers(sent: Sms, now: datetime) -> None:
    browser = sign_in(make_reviewer(now))
    Sms.objects.update(failure="MI:0099", outcome=SmsOutcome.FAILED)
    for model, pk, words in (
        ("sms", sent.pk, ("企业获取了简历", "示例招聘网", "0.050", "未送达", "MI:0099")),
        ("smsday", SmsDay.objects.get(payer="").pk, ("0.050", "0%", "全部")),
    ):
        for address in (
            reverse(f"admin:events_{model}_changelist"),
            reverse(f"admin:events_{model}_change", args=[pk]),
        ):
            page = browser.get(address, headers={"accept-language": "zh-hans"}).content.decode()
            assert "13912345678" not in page and "8aZkQ2hh" not in page
            assert sent.number_index not in page
            assert [word for word in words if word not in page] == [], address
    Sms.objects.update(failure="number_absent")
    address = reverse("admin:events_sms_changelist")
    page = browser.get(address, headers={"accept-language": "zh-hans"}).content.decode()
    assert "号码不存在" in page and "number_absent" not in page and ">candidate_told<" not in page
    days = browser.get(reverse("admin:events_smsday_changelist")).content.decode()
    assert "示例招聘网" in days


def test_nobody_finds_a_message_by_its_number_or_changes_it(sent: Sms, now: datetime) -> None:
    browser = sign_in(make_reviewer(now))
    listed = reverse("admin:events_sms_changelist")
    for lookup in (f"number_index={sent.number_index}", "number_index__startswith=a"):
        assert browser.get(f"{listed}?{lookup}").status_code in (302, 400)
    page = reverse("admin:events_sms_change", args=[sent.pk])
    assert browser.post(page, {"outcome": "delivered"}).status_code == 403
    assert browser.get(reverse("admin:events_sms_add")).status_code == 403


def test_the_nearly_used_budget_is_seen(sent: Sms, now: datetime, settings: Any) -> None:
    settings.SMS_BUDGET = 600
    browser = sign_in(make_reviewer(now))
    assert "83%" in browser.get(reverse("admin:events_smsday_changelist")).content.decode()


def test_colleagues_without_the_permission_see_none(sent: Sms, now: datetime) -> None:
    browser: Client = sign_in(make_colleague(now))
    assert browser.get(reverse("admin:events_sms_changelist")).status_code == 403
