"""Tests of the console's pages for webhooks: health in both languages, and sending dead letters
again.
"""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from employers.accounts.api_clients import create_api_client
from employers.models import ApiClient, Scope
from events.core.actor import SYSTEM
from events.core.reasons import REASONS
from events.delivery import feed, webhooks
from events.models import (
    Event,
    Mail,
    Outcome,
    PausedWhy,
    PlatformEvent,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    record,
)
from tests.factories import make_colleague, make_employer, make_reviewer, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def platform(now: datetime) -> ApiClient:
    client, _ = create_api_client("示例招聘网", [Scope.EVENTS_READ], now)
    return client


@pytest.fixture
def dead(platform: ApiClient, now: datetime) -> WebhookDelivery:
    webhooks.create_endpoint(
        platform.pk, "https://hr.example.com/zizhi", [], "", SYSTEM, now, local=False
    )
    employer = make_employer(now, platform=platform)
    record("register", employer, SYSTEM, now, employer_id=employer.pk)
    feed.relay_outbox(now)
    delivery: WebhookDelivery = WebhookDelivery.objects.get()
    WebhookAttempt.objects.create(
        delivery=delivery,
        at=now,
        status=500,
        milliseconds=12,
        response_start="<script>out of order</script>",
    )
    WebhookDelivery.objects.update(outcome=Outcome.DEAD, finished_at=now, tries=10)
    return delivery


def test_each_table_in_both_languages(dead: WebhookDelivery, now: datetime) -> None:
    browser = sign_in(make_reviewer(now))
    for model, words in (
        (PlatformEvent, "事件流记录"),
        (WebhookEndpoint, "接收 Webhook 的地址"),
        (WebhookDelivery, "发出的 Webhook"),
    ):
        name, row = model._meta.model_name, model.objects.get()
        for language in ("en", "zh-hans"):
            listed = browser.get(
                reverse(f"admin:events_{name}_changelist"), headers={"accept-language": language}
            ).content.decode()
            page = browser.get(
                reverse(f"admin:events_{name}_change", args=[row.pk]),
                headers={"accept-language": language},
            ).content.decode()
            assert "示例招聘网" in listed and "示例招聘网" in page
            assert (words in listed) == (language == "zh-hans")
    assert "&lt;script&gt;out of order" in page and "<script>out" not in page
    assert "whsec_" not in page


def send_again(browser: Client, delivery: WebhookDelivery) -> str:
    address = reverse("admin:events_webhookdelivery_changelist")
    answer = browser.post(
        address, {"action": "send_again", "_selected_action": [str(delivery.pk)]}, follow=True
    )
    return str(answer.content.decode())


def test_a_dead_letter_is_sent_again(dead: WebhookDelivery, now: datetime) -> None:
    reviewer = make_reviewer(now)
    assert "Sent again: 1" in send_again(sign_in(reviewer), dead)
    dead.refresh_from_db()
    assert dead.outcome == "" and dead.finished_at is None and dead.tries == 0
    event = Event.objects.get(verb="replay_webhook")
    assert (event.role, event.actor_id) == ("reviewer", str(reviewer.pk))


def test_not_to_an_endpoint_that_is_paused(
    dead: WebhookDelivery, platform: ApiClient, now: datetime
) -> None:
    webhooks.pause_endpoint(dead.endpoint_id, platform.pk, SYSTEM, now)
    assert "Not sent because the endpoint is paused or deleted: 1" in send_again(
        sign_in(make_reviewer(now)), dead
    )
    dead.refresh_from_db()
    assert dead.outcome == Outcome.DEAD


def test_not_by_everybody(dead: WebhookDelivery, now: datetime) -> None:
    for group in ("Reviewers", "Auditors"):
        browser = sign_in(make_colleague(now, group))
        send_again(browser, dead)
        dead.refresh_from_db()
        assert dead.outcome == Outcome.DEAD


def test_an_operator_pauses_resumes_and_sends_a_span_again(
    dead: WebhookDelivery, now: datetime
) -> None:
    operator = make_colleague(now, "Operators")
    browser, endpoint = sign_in(operator), dead.endpoint
    page = reverse("admin:events_webhookendpoint_change", args=[endpoint.pk])

    def act(name: str, **form: str) -> str:
        address = reverse(f"admin:events_webhookendpoint_{name}", args=[endpoint.pk])
        assert address in browser.get(page).content.decode()
        assert (
            browser.get(address).status_code == 200
            and not Event.objects.filter(verb=f"{name}_webhook").exists()
        ), "GET changes nothing"
        return str(browser.post(address, form, follow=True).content.decode())

    assert "Paused. Nothing is sent until you resume it." in act("pause")
    endpoint.refresh_from_db()
    assert endpoint.paused_why == PausedWhy.ASKED and not Mail.objects.exists(), (
        "a requested pause sends no mail"
    )
    assert "Resumed. Waiting events are being sent." in act("resume")
    assert "Enter a whole number" in act("replay", first="x")
    assert "Sent again: 1" in act("replay", first="1")
    dead.refresh_from_db()
    assert dead.outcome == "" and dead.finished_at is None
    assert set(Event.objects.filter(role="reviewer").values_list("verb", "actor_id")) == {
        (f"{verb}_webhook", str(operator.pk)) for verb in ("pause", "resume", "replay")
    }


def test_what_cannot_be_sent_is_told_with_its_reason(
    dead: WebhookDelivery, platform: ApiClient, now: datetime
) -> None:
    browser, address = (
        sign_in(make_colleague(now, "Operators")),
        f"/console/events/webhookendpoint/{dead.endpoint_id}/replay/",
    )
    webhooks.pause_endpoint(dead.endpoint_id, platform.pk, SYSTEM, now)
    assert (
        REASONS["webhook_paused"].says.en
        in browser.post(address, {"first": "1"}, follow=True).content.decode()
    )
    webhooks.delete_endpoint(dead.endpoint_id, platform.pk, SYSTEM, now)
    for act in ("pause", "resume"):
        answer = browser.post(
            f"/console/events/webhookendpoint/{dead.endpoint_id}/{act}/", follow=True
        )
        assert REASONS["webhook_unknown"].says.en in answer.content.decode()
        assert (
            f"/{act}/"
            not in browser.get(
                f"/console/events/webhookendpoint/{dead.endpoint_id}/change/"
            ).content.decode()
        )
