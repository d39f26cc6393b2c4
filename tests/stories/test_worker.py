"""Tests that a real worker on a real broker loses nothing, even if it is killed in the middle of a
check.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.utils import timezone

from events import doorbell
from events.models import Event
from tests.stories.conftest import (
    licence,
    recruiter_of,
    register_company,
    running_worker,
    upload_licence,
    wait_until,
)
from verification.cases import operations
from verification.checks import CHECKS
from verification.models import Attempt, Case, CheckRun
from verification.rules.states import State

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.worker,
    pytest.mark.redis,
    pytest.mark.timeout(400),
]


@pytest.fixture
def broker() -> str:
    """This process's broker, emptied: the filesystem by default, or Redis if the run uses it (see
    tests/test_engines.py).
    """
    url: str = settings.CELERY_BROKER_URL
    if url.startswith("redis"):
        redis.Redis.from_url(url).flushdb()
    else:
        for message in (settings.MESSAGES_DIR / "queue").glob("*"):
            message.unlink()
    return url


@pytest.mark.slow
def test_a_worker_decides(broker: str, tmp_path: Path) -> None:
    now = timezone.now()
    company = register_company(201)
    member = recruiter_of(company, now)
    case, _ = upload_licence(member, now, licence(201, company))
    with running_worker(broker, tmp_path / "worker.log"):
        operations.submit_case(case.pk, member.user, member.as_actor(), timezone.now())
        wait_until(
            lambda: Attempt.objects.get().finished_at, "not decided", tmp_path / "worker.log"
        )
    assert Case.objects.get().state == State.APPROVED


def test_a_killed_worker_loses_nothing(broker: str, tmp_path: Path) -> None:
    """The whole worker is killed while it reads the licence; another finishes, and nothing is done
    twice.
    """
    now = timezone.now()
    company = register_company(202)
    member = recruiter_of(company, now)
    case, _ = upload_licence(member, now, licence(202, company))
    quick = {"ZIZHI_LEASE_SECONDS": "4", "ZIZHI_SWEEP_SECONDS": "1"}
    with running_worker(broker, tmp_path / "one.log", **quick) as one:
        operations.submit_case(case.pk, member.user, member.as_actor(), timezone.now())
        wait_until(
            lambda: CheckRun.objects.filter(code="scan").exists(),
            "never began",
            tmp_path / "one.log",
        )
        os.killpg(one.pid, signal.SIGKILL)
        one.wait()
    attempt = Attempt.objects.get()
    assert attempt.finished_at is None and attempt.lease is not None, (
        "it was killed too late to show anything"
    )
    assert Case.objects.get().state == State.CHECKING
    with running_worker(broker, tmp_path / "two.log", beat=True, **quick):
        wait_until(lambda: Attempt.objects.get().finished_at, "lost", tmp_path / "two.log")
    attempt.refresh_from_db()
    assert Case.objects.get().state == State.APPROVED and attempt.deaths == 1
    assert sorted(CheckRun.objects.values_list("code", flat=True)) == sorted(
        check.code for check in CHECKS
    )
    assert Event.objects.filter(verb="approve").count() == 1


@pytest.mark.slow
def test_a_lost_message_is_sent_again(
    broker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process died between commit and publish."""
    now = timezone.now()
    company = register_company(203)
    member = recruiter_of(company, now)
    case, _ = upload_licence(member, now, licence(203, company))
    with monkeypatch.context() as patched:
        patched.setattr(doorbell, "_send", lambda *message: None)
        operations.submit_case(case.pk, member.user, member.as_actor(), now)
    with running_worker(broker, tmp_path / "worker.log", beat=True, ZIZHI_SWEEP_SECONDS="1"):
        wait_until(lambda: Attempt.objects.get().finished_at, "lost", tmp_path / "worker.log")
    assert Case.objects.get().state == State.APPROVED
