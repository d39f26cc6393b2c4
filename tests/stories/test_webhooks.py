"""Tests that a real worker over a real broker delivers webhooks within moments, even after one was
killed.
"""

from __future__ import annotations

import os
import signal
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from django.utils import timezone

from employers.accounts.api_clients import create_api_client
from employers.models import Scope
from events.core.actor import SYSTEM
from events.delivery import webhooks
from events.models import Outcome, PlatformEvent, WebhookDelivery, record
from tests.factories import make_employer
from tests.fakes.webhook_receiver import receiving
from tests.stories.conftest import running_worker, wait_until
from tests.stories.test_worker import broker as broker

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.worker,
    pytest.mark.redis,
    pytest.mark.timeout(300),
]


def test_told_by_a_worker_that_is_killed_while_it_tells(broker: str, tmp_path: Path) -> None:
    """The first worker dies after the receiver got the message and before it answered; the next
    worker delivers everything.
    """
    now = timezone.now()
    platform, _ = create_api_client("a platform", [Scope.EVENTS_READ], now)
    employer = make_employer(now, platform=platform)
    with receiving() as receiver:
        endpoint, secret = webhooks.create_endpoint(
            platform.pk, receiver.url, [], "", SYSTEM, now, local=True
        )

        def never(handler: BaseHTTPRequestHandler) -> None:
            time.sleep(3)

        receiver.answers = lambda number: 200 if number else never
        with running_worker(broker, tmp_path / "one.log") as one:
            for _ in range(3):
                record("register", employer, SYSTEM, timezone.now(), employer_id=employer.pk)
            wait_until(lambda: receiver.got, "nothing came", tmp_path / "one.log")
            os.killpg(one.pid, signal.SIGKILL)
            one.wait()
        assert not WebhookDelivery.objects.filter(outcome=Outcome.DELIVERED).exists(), (
            "it was killed too late to show anything"
        )
        # The tests do not wait for its leases to expire.
        WebhookDelivery.objects.update(leased_until=timezone.now())
        type(endpoint).objects.update(leased_until=timezone.now())
        with running_worker(broker, tmp_path / "two.log", beat=True, ZIZHI_SWEEP_SECONDS="1"):
            wait_until(
                lambda: WebhookDelivery.objects.filter(outcome=Outcome.DELIVERED).count() == 3,
                "not delivered",
                tmp_path / "two.log",
            )
        messages = receiver.verified(secret)
    assert {message["sequence"] for message in messages} == {1, 2, 3} and len(messages) == 4
    assert len({message["id"] for message in messages}) == 3, "a repeated message keeps its id"
    assert list(PlatformEvent.objects.of(platform.pk).values_list("sequence", flat=True)) == [
        1,
        2,
        3,
    ]
