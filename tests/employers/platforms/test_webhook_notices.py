"""Tests of the notices about automatically paused endpoints: once per pause, in the readers'
language, only to those who can fix it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core import mail as outbox

from employers.accounts.api_clients import create_api_client, set_contact
from employers.models import ApiClient, Scope
from employers.platforms.webhook_notices import who_mends
from events.core.actor import SYSTEM
from events.delivery import feed, mail, safe_http, webhook_delivery, webhooks
from events.models import Event, Mail, WebhookEndpoint, record
from tests.factories import make_colleague, make_employer, make_reviewer, make_user

pytestmark = pytest.mark.django_db
URL = "https://hr.example.com/zizhi?token=a-secret"


def make_platform(
    now: datetime, *, test: bool = False, contact: str = "ops@site.example"
) -> ApiClient:
    client, _ = create_api_client(
        "Site A", [Scope.EVENTS_READ], now, test=test, contact_email=contact, contact_language="en"
    )
    return client


def fail(platform: ApiClient, status: int, now: datetime, days: int = 7) -> WebhookEndpoint:
    """Make the endpoint answer only `status`, with one attempt per day."""
    endpoint, _ = webhooks.create_endpoint(platform.pk, URL, [], "", SYSTEM, now, local=False)
    go_on_failing(endpoint, platform, status, now, days)
    return endpoint


def go_on_failing(
    endpoint: WebhookEndpoint, platform: ApiClient, status: int, now: datetime, days: int
) -> None:
    employer = make_employer(now, platform=platform, test=platform.test)
    for day in range(days):
        at = now + timedelta(days=day)
        record("register", employer, SYSTEM, at, employer_id=employer.pk)
        feed.relay_outbox(at)
        webhook_delivery.send_waiting(
            endpoint.pk, lambda at=at: at, post=lambda *_, **__: safe_http.Response(status, "", 1)
        )  # type: ignore[misc]


def mails() -> dict[str, tuple[str, str]]:
    return {one.to: (one.template, one.language) for one in Mail.objects.all()}


def test_the_contact_and_the_operators_once_per_pause(now: datetime) -> None:
    operator, platform = make_colleague(now, "Operators"), make_platform(now)
    for other in ("Reviewers", "Auditors", "Leads"):
        make_colleague(now, other)
    make_reviewer(now)  # a superuser gets no mail while there are operators
    endpoint = fail(platform, 500, now)
    endpoint.refresh_from_db()
    assert endpoint.paused_at
    assert mails() == {
        "ops@site.example": ("webhook_paused", "en"),
        operator.email: ("webhook_paused_staff", "zh-hans"),
    }
    go_on_failing(endpoint, platform, 500, now + timedelta(days=8), 3)
    assert Mail.objects.count() == 2, "once per pause"
    again = now + timedelta(days=20)
    webhooks.resume_endpoint(endpoint.pk, platform.pk, SYSTEM, again)
    go_on_failing(endpoint, platform, 500, again, 7)
    assert Event.objects.filter(verb="pause_webhook").count() == 2 and Mail.objects.count() == 4


@pytest.mark.parametrize("status", [500, 410])
def test_what_they_read(now: datetime, status: int) -> None:
    make_colleague(now, "Operators")
    endpoint = fail(make_platform(now), status, now)
    for queued in list(Mail.objects.order_by("pk")):
        assert mail.send_mail(queued.pk, now + timedelta(days=30), "https://zizhi.example")
    contact, staff = (str(letter.body) for letter in outbox.outbox)
    assert (
        "hr.example.com/zizhi" in contact
        and "https://hr" not in contact
        and "a-secret" not in contact + staff
    ), "the query may hold a password"
    assert ("HTTP 500" in contact) == (status == 500) and ("410 Gone" in contact) == (status == 410)
    assert f"POST /api/v1/webhooks/{endpoint.pk}/resume" in contact and "/console/" not in contact
    assert (
        f"https://zizhi.example/console/events/webhookendpoint/{endpoint.pk}/change/" in staff
        and "ops@site.example" in staff
    )


def test_without_a_contact_staff_hear_that_there_is_none(now: datetime) -> None:
    root = make_reviewer(now)
    fail(make_platform(now, contact=""), 410, now)
    ((to, (template, _)),) = mails().items()
    assert (to, template) == (root.email, "webhook_paused_staff"), (
        "superusers if there are no operators"
    )
    mail.send_mail(Mail.objects.get().pk, now, "https://zizhi.example")
    assert "没有登记联系邮箱" in str(outbox.outbox[-1].body)


def test_of_a_test_only_its_contact_hears(now: datetime) -> None:
    make_colleague(now, "Operators")
    fail(make_platform(now, test=True), 410, now)
    assert set(mails()) == {"ops@site.example"}


def test_who_asked_for_the_pause_is_not_told_of_it(now: datetime) -> None:
    make_colleague(now, "Operators")
    platform = make_platform(now)
    endpoint, _ = webhooks.create_endpoint(platform.pk, URL, [], "", SYSTEM, now, local=False)
    webhooks.pause_endpoint(endpoint.pk, platform.pk, SYSTEM, now)
    assert not Mail.objects.exists()


def test_a_pause_that_is_undone_tells_nobody(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mails are part of the pausing transaction: neither exists without the other."""
    make_colleague(now, "Operators")

    def broken(*_: object) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr(webhooks._Pauses, "told", broken)
    with pytest.raises(RuntimeError):
        fail(make_platform(now), 410, now, days=1)
    assert WebhookEndpoint.objects.get().paused_at is None and not Mail.objects.exists()


def test_who_mends_has_not_left_and_is_no_auditor(now: datetime) -> None:
    operator, left, both = (make_colleague(now, "Operators") for _ in range(3))
    type(left).objects.filter(pk=left.pk).update(is_active=False)
    both.groups.add(*make_colleague(now, "Auditors").groups.all())
    make_user(now)
    assert who_mends() == [operator]


def test_the_contact_is_changed_on_record(now: datetime) -> None:
    platform = make_platform(now)
    for _ in range(2):
        set_contact(platform, "new@site.example", "zh-hans", SYSTEM, now)
    platform.refresh_from_db()
    assert (platform.contact_email, platform.contact_language) == ("new@site.example", "zh-hans")
    assert Event.objects.get(verb="set_contact").data == {}, (
        "addresses are personal, and events are permanent"
    )
