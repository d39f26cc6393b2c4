"""Tests that staff can view events and the gate's answers, and cannot change them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from downloads.models import GateDecision, PassUse
from events.core.actor import SYSTEM
from events.core.reasons import REASONS
from events.models import Event, record
from tests.factories import make_employer, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(now: datetime) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(make_user(now, is_staff=True, is_superuser=True))
    return client


def test_events_and_answers_are_only_looked_at(root: Client, now: datetime) -> None:
    employer = make_employer(now)
    event = record("register", employer, SYSTEM, now, employer_id=employer.pk)
    answer = GateDecision.objects.create(
        client_id=uuid4(),
        employer_id=employer.pk,
        member_id=uuid4(),
        candidate="c-1",
        uscc=employer.uscc,
        allowed=False,
        reason="employer_not_approved",
        tier="held",
        ladder_version="1",
        decided_at=timezone.now(),
    )
    for address, pk in (
        ("/console/events/event/", event.pk),
        ("/console/downloads/gatedecision/", answer.pk),
    ):
        assert str(employer.pk) in root.get(address).content.decode()
        assert root.get(f"{address}{pk}/change/").status_code == 200
        assert root.get(address + "add/").status_code == 403
        assert (
            root.post(f"{address}{pk}/change/", {"verb": "x", "allowed": "on"}).status_code == 403
        )
        assert root.post(f"{address}{pk}/delete/", {"post": "yes"}).status_code == 403
        root.post(
            address, {"action": "delete_selected", "_selected_action": [str(pk)], "post": "yes"}
        )
    answer.refresh_from_db()
    assert (Event.objects.get(pk=event.pk).verb, answer.allowed) == ("register", False)
    assert (
        REASONS["employer_not_approved"].says.en
        in root.get("/console/downloads/gatedecision/").content.decode()
    )


def test_no_list_reads_or_sorts_all_of_the_answers(root: Client) -> None:
    """Lists show a range, by default the last day. A search finds answers of any age."""
    old = GateDecision.objects.create(
        client_id=uuid4(),
        employer_id=uuid4(),
        member_id=uuid4(),
        candidate="c-old",
        allowed=True,
        tier="held",
        ladder_version="1",
        decided_at=timezone.now() - timedelta(days=8),
    )
    PassUse.objects.create(decision_id=old.pk, used_at=old.decided_at, tier="held")
    for table, field, shown in (
        ("gatedecision", "decided_at", "c-old"),
        ("passuse", "used_at", str(old.pk)),
    ):
        address = f"/console/downloads/{table}/"
        with CaptureQueriesContext(connection) as queries:
            assert shown not in root.get(address).content.decode()
        read = [query["sql"] for query in queries if f'FROM "downloads_{table}"' in query["sql"]]
        assert read and all(f'"{field}" >= ' in sql for sql in read)
        assert shown not in root.get(address, {"days": "7"}).content.decode()
        for asked in ({"days": "31"}, {"q": str(old.pk)}):
            assert shown in root.get(address, asked).content.decode().replace(
                f'value="{old.pk}"', ""
            )
        for choice, found in (
            ("tier", "held"),
            ("tier", "revoked"),
            ("reason", "employer_suspended"),
        ):
            html = root.get(address, {"days": "31", choice: found}).content.decode()
            assert (shown in html) == (found == "held")


def test_events_are_found_by_what_they_are_about(root: Client, now: datetime) -> None:
    mine, other = make_employer(now), make_employer(now)
    record("register", mine, SYSTEM, now)
    record("register", other, SYSTEM, now)
    html = root.get(f"/console/events/event/?q={mine.pk}").content.decode()
    assert str(mine.pk) in html
    assert str(other.pk) not in html


def test_the_console_changes_its_language(root: Client) -> None:
    """Every table is named in the page's language, and one button leads to the other language."""
    assert (
        '<button name="language" value="zh-hans" lang="zh-Hans">中文</button>'
        in root.get("/console/").content.decode()
    )
    answer = root.post("/language/", {"language": "zh-hans", "next": "/console/"}, follow=True)
    html = answer.content.decode()
    assert '<button name="language" value="en" lang="en">English</button>' in html
    for name in ("审核队列", "用人单位", "招聘者", "平台", "登记库记录", "放行记录", "事件"):
        assert name in html
    with translation.override("zh-hans"):
        for model in admin.site._registry:
            name = str(model._meta.verbose_name).replace("Webhook", "")
            assert not re.search(r"[a-z]{3}", name), model


def test_the_icon_where_browsers_look_by_themselves() -> None:
    assert Client().get("/favicon.ico").headers["Location"].endswith(".png")
