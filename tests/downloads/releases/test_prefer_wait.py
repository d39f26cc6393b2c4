"""Tests of requests that wait for their copy."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from downloads import retention
from downloads.models import Copy, CopyLink, CopyState, PassUse
from downloads.releases import prefer_wait
from employers.accounts.api_clients import revoke_api_client, revoke_key
from employers.clock import now_for
from employers.models import ApiClient, ApiKey
from events.core.actor import SYSTEM
from tests.downloads.releases.shop import Shop, fetched, make, pdf
from verification.models import Case

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return a list of the sleeps of a waiting request; during each, a worker makes the copies."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        for copy in Copy.objects.waiting():
            make({"id": copy.pk})

    monkeypatch.setattr(prefer_wait, "sleep", sleep)
    return slept


@pytest.mark.slow
def test_who_waits_is_handed_the_copy_with_its_link(shop: Shop, worker: list[float]) -> None:
    told = shop.post(shop.gate_pass(), pdf(), prefer="respond-async, wait=10")
    assert (told["http"], told["state"], told["applied"]) == (201, "ready", "wait=10") and len(
        worker
    ) == 1
    assert (
        told["relay"]["number"]
        and told["removed"]
        and told["pages"] == 1
        and told["receipt"] is None
    )
    file = fetched(told["link"]["url"])
    assert file.status_code == 200 and file.content.startswith(b"%PDF")
    assert fetched(told["link"]["url"]).status_code == 410, "once"
    assert shop.read(told["id"])["receipt"] and shop.read(told["id"])["link"] is None


def test_who_waited_in_vain_asks_once_more_by_the_same_pass(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prefer_wait, "monotonic", iter([0.0, 0.5, 1.0, 1.5]).__next__)
    monkeypatch.setattr(prefer_wait, "sleep", lambda _: None)
    gate_pass = shop.gate_pass()
    first = shop.post(gate_pass, pdf(), prefer="wait=1")
    assert (first["http"], first["state"], first["applied"], first["link"]) == (
        202,
        "preparing",
        "wait=1",
        None,
    )
    monkeypatch.undo()
    make(first)
    second = shop.post(gate_pass, pdf(), prefer="wait=1")
    assert (second["http"], second["id"]) == (201, first["id"]) and second["link"]
    assert list(PassUse.objects.values_list("reason", flat=True)) == [""]


@pytest.mark.parametrize("prefer", ["", "wait=1"])
@pytest.mark.parametrize("swept", [False, True])
def test_what_is_handed_out_no_longer_is_said_to_be_closed(
    shop: Shop, prefer: str, swept: bool
) -> None:
    gate_pass = shop.gate_pass()
    made = shop.post(gate_pass, pdf())
    make(made)
    shop.platform.move("P2D")
    if swept:
        retention.retire_copies(now_for(ApiClient.objects.get(pk=shop.client.pk)), 365)
        assert Copy.objects.get().state == CopyState.CLOSED
    again = shop.post(gate_pass, pdf(), prefer=prefer)
    assert (again["http"], again["code"]) == (410, "release_closed")


def test_what_fails_while_it_is_waited_for_says_why(shop: Shop, worker: list[float]) -> None:
    told = shop.post(shop.gate_pass(), b"%PDF-1.7 and nothing more", prefer="wait=10")
    assert (told["http"], told["state"], told["link"]) == (202, "failed", None)
    assert told["reasons"][0]["code"] == "resume_unreadable" and told["reasons"][0]["fix"]["zh"]


def test_who_is_suspended_meanwhile_is_handed_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sleep(_: float) -> None:
        make({"id": Copy.objects.get().pk})
        Case.objects.update(state="suspended", version=99)

    monkeypatch.setattr(prefer_wait, "sleep", sleep)
    told = shop.post(shop.gate_pass(), pdf(), prefer="wait=10")
    assert (told["http"], told["code"]) == (
        422,
        "employer_suspended",
    ) and not CopyLink.objects.exists()


def test_few_wait_at_once_and_the_others_are_answered_at_once(
    shop: Shop, worker: list[float], settings: Any
) -> None:
    with ExitStack() as slots:
        for _ in range(settings.RELEASES_AWAITED):
            assert slots.enter_context(prefer_wait._slot(uuid4()))
        told = shop.post(shop.gate_pass(), pdf(), prefer="wait=10")
        assert (told["http"], told["state"], told["applied"]) == (
            202,
            "preparing",
            None,
        ) and not worker
    assert shop.post(shop.gate_pass("c-2"), pdf(), prefer="wait=10")["http"] == 201, (
        "the slot is free again"
    )


def test_a_platform_waits_once_in_each_process(shop: Shop, worker: list[float]) -> None:
    with prefer_wait._slot(shop.client.pk):
        gate_pass = shop.gate_pass()
        first = shop.post(gate_pass, pdf(), prefer="wait=10")
        assert (first["http"], first["applied"]) == (202, None) and not worker
        make(first)
        again = shop.post(gate_pass, pdf(), prefer="wait=10")
        assert (again["http"], again["id"]) == (201, first["id"]) and again["link"], (
            "a finished copy needs no slot"
        )


def test_a_deployment_may_have_nobody_wait(shop: Shop, worker: list[float], settings: Any) -> None:
    settings.RELEASES_AWAITED = 0
    assert shop.post(shop.gate_pass(), pdf(), prefer="wait=10")["http"] == 202 and not worker


@pytest.mark.parametrize("whole_platform", [False, True])
def test_a_key_that_is_revoked_meanwhile_is_handed_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, whole_platform: bool
) -> None:
    def sleep(_: float) -> None:
        make({"id": Copy.objects.get().pk})
        if whole_platform:
            revoke_api_client(shop.client, SYSTEM, timezone.now())
        else:
            revoke_key(ApiKey.objects.get(client=shop.client), SYSTEM, timezone.now())

    monkeypatch.setattr(prefer_wait, "sleep", sleep)
    told = shop.post(shop.gate_pass(), pdf(), prefer="wait=10")
    assert (told["http"], told["code"]) == (
        401,
        "key_missing_or_wrong",
    ) and not CopyLink.objects.exists()


def test_under_an_idempotency_key_nobody_waits(shop: Shop, worker: list[float]) -> None:
    told = shop.post(shop.gate_pass(), pdf(), key="k-1", prefer="wait=10")
    assert (told["http"], told["applied"]) == (202, None) and not worker


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        ("wait=10", 10),
        ("respond-async, wait=3", 3),
        ("Wait = 3; x=1", 3),
        ('wait="5"', 5),
        ("wait=3600", prefer_wait.LONGEST),
        ("", 0),
        ("wait", 0),
        ("wait=soon", 0),
        ("wait=-1", 0),
        ("wait=1.5", 0),
        ("await=9", 0),
        ("wait=٣", 0),
    ],
)
def test_what_a_preference_says(prefer: str, seconds: int) -> None:
    assert prefer_wait.preferred_wait(prefer) == seconds
