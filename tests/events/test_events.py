"""Tests that events cannot be changed, and that a waiting row is done once, whatever dies."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core import mail as outbox
from django.db import DatabaseError, connection, transaction

from events.core.actor import SYSTEM
from events.core.errors import Refused
from events.core.reasons import REASONS
from events.delivery import mail
from events.delivery.mail import queue_mail
from events.models import Event, Mail, record
from tests.factories import make_employer

SITE = "http://localhost:8000"
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events_event SET verb = 'other'",
        "DELETE FROM events_event",
        "UPDATE events_event SET data = '{}' WHERE id = (SELECT MAX(id) FROM events_event)",
    ],
)
def test_the_database_refuses_to_change_an_event(statement: str, now: datetime) -> None:
    record("register", make_employer(now), SYSTEM, now)
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert Event.objects.get().verb == "register"


def test_every_reason_speaks_both_languages_and_says_how_to_mend_it() -> None:
    for code, reason in REASONS.items():
        assert code == reason.code
        for text in (reason.says, reason.fix, reason.takes):
            assert text.zh.strip() and text.en.strip(), code
            assert any("\u4e00" <= c <= "\u9fff" for c in text.zh), code
            assert text.in_("zh-hans") == text.zh and text.in_("en") == text.en
    with pytest.raises(KeyError):
        Refused("no_such_reason")


@pytest.fixture
def waiting(now: datetime) -> Mail:
    return Mail.objects.create(
        to="a@example.com", template="verify_email", language="en", created_at=now, due_at=now
    )


def test_a_row_is_claimed_by_one(waiting: Mail, now: datetime) -> None:
    lease = Mail.objects.claim(waiting.pk, now, 60)
    assert lease
    assert Mail.objects.claim(waiting.pk, now, 60) is None
    assert not Mail.objects.due(now).exists()


def test_a_lease_that_ended_is_due_again_and_counts_a_death(waiting: Mail, now: datetime) -> None:
    lost = Mail.objects.claim(waiting.pk, now, 60)
    later = now + timedelta(seconds=61)
    lease = Mail.objects.claim(waiting.pk, later, 60)
    assert lease and lost and lease != lost
    assert not Mail.objects.finish(waiting.pk, lost, later), (
        "the dead worker's lease can no longer write"
    )
    assert Mail.objects.get().deaths == 1
    assert Mail.objects.finish(waiting.pk, lease, later)
    assert not Mail.objects.due(later + timedelta(days=1)).exists()


def test_a_row_given_back_waits_and_is_no_death(waiting: Mail, now: datetime) -> None:
    lease = Mail.objects.claim(waiting.pk, now, 60)
    assert lease and Mail.objects.give_back(
        waiting.pk, lease, now + timedelta(minutes=5), error="down"
    )
    assert Mail.objects.claim(waiting.pk, now, 60) is None
    assert Mail.objects.claim(waiting.pk, now + timedelta(minutes=5), 60)
    assert Mail.objects.get().deaths == 0


def test_a_row_not_yet_due_is_left(waiting: Mail, now: datetime) -> None:
    assert Mail.objects.claim(waiting.pk, now - timedelta(seconds=1), 60) is None


def test_mail_is_sent_only_after_the_commit(
    now: datetime, django_capture_on_commit_callbacks: object
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:  # type: ignore[operator]
        queue_mail("a@example.com", "verify_email", "en", {"link": "http://localhost/x"}, now)
    assert len(callbacks) == 1 and not outbox.outbox


def test_a_mail_to_nobody_is_refused(now: datetime) -> None:
    with pytest.raises(ValueError, match="verify_email"):
        queue_mail("", "verify_email", "en", {}, now)


def test_a_sent_mail_forgets_whom_and_what(now: datetime) -> None:
    queued = queue_mail(
        "a@example.com", "verify_email", "en", {"link": "http://localhost/secret"}, now
    )
    assert mail.send_mail(queued.pk, now, SITE)
    assert not mail.send_mail(queued.pk, now, SITE), "notified twice, sent once"
    (sent,) = outbox.outbox
    assert sent.to == ["a@example.com"] and "http://localhost/secret" in sent.body and sent.subject
    queued.refresh_from_db()
    assert (queued.to, queued.context) == ("", {}) and queued.finished_at == now


def test_a_mail_server_that_is_down_loses_nothing(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued = queue_mail("a@example.com", "verify_email", "en", {"link": "x"}, now)

    def refuse(*_: object, **__: object) -> None:
        raise ConnectionRefusedError

    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.EmailMessage.send", refuse)
        assert not mail.send_mail(queued.pk, now, SITE)
    queued.refresh_from_db()
    assert queued.to and queued.due_at > now and queued.last_error == "ConnectionRefusedError"
    assert mail.send_mail(queued.pk, queued.due_at, SITE)
