"""Tests of the watch over the service: what staff are alerted to, and what not."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from employers.accounts.api_clients import create_api_client
from events.core.actor import SYSTEM
from events.delivery import webhooks
from events.models import Alert, AlertKind, Mail, Sms, WebhookEndpoint
from tests.factories import make_case, make_member, make_user
from tests.verification.reviewing.test_queue_filters import HOUR, waiting
from verification.models import Attempt, LicencePhoto
from verification.monitoring import service_watch
from verification.rules.states import State

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def lasting(kind: AlertKind) -> set[str]:
    return set(Alert.objects.filter(kind=kind, ended_at=None).values_list("key", flat=True))


def test_cases_that_are_due_soon_and_late(now: datetime) -> None:
    soon = waiting(now, review_due=now + 59 * MINUTE)
    late = waiting(now, review_due=now - MINUTE)
    waiting(now, review_due=now + 2 * HOUR)
    waiting(now, review_due=now + MINUTE, held_until=now + HOUR)
    waiting(now, review_due=now - MINUTE, golden=True)
    service_watch.watch_deadlines(now)
    assert lasting(AlertKind.SLA_SOON) == {str(soon.pk)}
    assert lasting(AlertKind.SLA_LATE) == {str(late.pk)}
    service_watch.watch_deadlines(now + HOUR)
    assert lasting(AlertKind.SLA_LATE) >= {str(soon.pk), str(late.pk)}
    assert str(soon.pk) not in lasting(AlertKind.SLA_SOON)


def test_the_queue_is_long_until_it_is_clearly_shorter(now: datetime) -> None:
    cases = [waiting(now) for _ in range(11)]
    service_watch.watch_queue(now, 0)
    service_watch.watch_queue(now, 11)
    assert not lasting(AlertKind.QUEUE_LONG)
    service_watch.watch_queue(now, 10)
    assert lasting(AlertKind.QUEUE_LONG) == {"all"}
    cases.pop().delete()
    service_watch.watch_queue(now, 10)
    assert lasting(AlertKind.QUEUE_LONG) == {"all"}, "not at each step around the limit"
    cases.pop().delete()
    service_watch.watch_queue(now, 10)
    assert not lasting(AlertKind.QUEUE_LONG)


def test_work_that_waits_for_a_service(now: datetime) -> None:
    def attempt(test: bool = False) -> Attempt:
        case = make_case(make_member(now), now, State.CHECKING, test=test)
        return Attempt.objects.create(
            case=case, number=1, submitted_at=now, due_at=now, tries=3, last_error="register: down"
        )

    first = attempt()
    attempt(test=True)
    Mail.objects.create(
        to="a@example.com",
        template="t",
        language="en",
        created_at=now,
        due_at=now,
        tries=2,
        last_error="OSError",
    )
    service_watch.watch_providers(now)
    assert lasting(AlertKind.PROVIDER_DOWN) == {"checks"}
    assert Alert.objects.get().params == {"what": "checks", "count": 1}
    Mail.objects.update(tries=3)
    first.finished_at = now
    first.save()
    service_watch.watch_providers(now)
    assert lasting(AlertKind.PROVIDER_DOWN) == {"mail"}


def test_work_that_no_worker_takes(now: datetime) -> None:
    Mail.objects.create(to="a@example.com", template="t", language="en", created_at=now, due_at=now)
    service_watch.watch_work(now + 9 * MINUTE)
    assert not lasting(AlertKind.WORK_LATE)
    service_watch.watch_work(now + 10 * MINUTE)
    assert lasting(AlertKind.WORK_LATE) == {"all"}


def test_photos_and_text_messages_that_wait(now: datetime) -> None:
    LicencePhoto.objects.create(
        user=make_user(now), size=1, uploaded_at=now, due_at=now, tries=3, last_error="ocr: down"
    )
    Sms.objects.create(
        template="verification_code",
        language="en",
        payer="codes",
        segments=1,
        created_at=now,
        due_at=now,
        tries=3,
        last_error="NotInService",
        number_index="0" * 64,
    )
    service_watch.watch_service(now + 10 * MINUTE, 0)
    assert lasting(AlertKind.PROVIDER_DOWN) == {"photos", "sms"}
    assert Alert.objects.get(kind=AlertKind.WORK_LATE).params["count"] == 2


def test_webhooks_that_fail_for_an_hour(now: datetime) -> None:
    for test in (False, True):
        client, _ = create_api_client("Site", [], now, test=test)
        url = "https://hr.example.com/"
        webhooks.create_endpoint(client.pk, url, [], "", SYSTEM, now, local=False)
    WebhookEndpoint.objects.update(failing_since=now)
    service_watch.watch_webhooks(now + 59 * MINUTE)
    assert not lasting(AlertKind.WEBHOOK_FAILING)
    service_watch.watch_service(now + HOUR, 0)
    assert len(lasting(AlertKind.WEBHOOK_FAILING)) == 1
    WebhookEndpoint.objects.update(failing_since=None)
    service_watch.watch_webhooks(now + HOUR)
    assert not lasting(AlertKind.WEBHOOK_FAILING)
