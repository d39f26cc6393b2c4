"""Tests of the console's navigation and start pages."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.sessions.backends.base import SessionBase
from django.test import Client, RequestFactory
from django.utils import timezone

from downloads.admin.console import start
from downloads.admin.console.navigation import AREAS, console_areas
from downloads.models import Move
from employers.models import ApiKey, User
from events.models import WebhookEndpoint
from tests.factories import make_api_client, make_colleague, make_employer, make_reviewer, sign_in

pytestmark = pytest.mark.django_db
QUEUE = "/console/verification/case/"


@pytest.fixture
def now() -> datetime:
    """The console uses the real clock."""
    return timezone.now()


def page(client: Client, path: str) -> str:
    return client.get(path, follow=True).content.decode()


def navigation(html: str) -> str:
    return html.split('id="console-menu"')[1].split("</nav>")[0]


class TestNavigation:
    def test_every_list_belongs_to_one_area(self) -> None:
        listed = [key for _words, keys in AREAS for key in keys]
        models = {model._meta.label_lower for model in admin.site._registry}
        assert set(listed) - models == {"quality", "quality_mine"}
        assert models <= set(listed) and len(listed) == len(set(listed))

    @pytest.mark.parametrize("group", ["Reviewers", "Seniors", "Leads", "Auditors", "Operators"])
    def test_it_leads_to_all_that_one_may_open_and_nothing_else(
        self, group: str, now: datetime
    ) -> None:
        client = sign_in(make_colleague(now, group))
        root = sign_in(make_reviewer(now))
        links = set(re.findall(r'href="([^"]+)"', navigation(page(client, "/console/"))))
        every = set(re.findall(r'href="([^"]+)"', navigation(page(root, "/console/"))))
        every |= set() if "/console/quality/" in links else {"/console/quality/mine/"}
        assert links
        assert {url for url in every if client.get(url).status_code == 200} == links

    def test_the_current_list_is_marked_with_its_area(self, now: datetime) -> None:
        html = navigation(page(sign_in(make_colleague(now, "Reviewers")), QUEUE))
        assert re.findall(r'href="([^"]+)" aria-current="page"', html) == [QUEUE]
        assert re.findall(r'class="current">\s*<summary>([^<]+)', html) == ["Review"]

    def test_it_costs_two_queries(self, now: datetime, django_assert_max_num_queries: Any) -> None:
        request = RequestFactory().get(QUEUE)
        request.session = SessionBase()
        request.user = user = make_colleague(now, "Seniors")
        apps = admin.site.each_context(request)["available_apps"]
        with django_assert_max_num_queries(2):
            assert console_areas(apps, user, QUEUE)


class TestStart:
    @pytest.mark.parametrize("group", ["Reviewers", "Seniors", "Leads"])
    def test_reviewers_start_at_the_queue(self, group: str, now: datetime) -> None:
        response = sign_in(make_colleague(now, group)).get("/console/")
        assert (response.status_code, response["Location"]) == (302, QUEUE)

    def test_operators_see_what_waits_for_them(self, now: datetime) -> None:
        client, _key = make_api_client(now)
        WebhookEndpoint.objects.create(
            client_id=client.pk,
            url="https://platform.example/hook",
            created_at=now,
            failures=3,
            failing_since=now,
            due_at=now,
        )
        ApiKey.objects.filter(client=client).update(expires_at=now + timedelta(days=3))
        html = page(sign_in(make_colleague(now, "Operators")), "/console/")
        tasks = html.split('class="tasks"')[1].split("</ul>")[0]
        shown = re.findall(r"<b>([^<]+)</b> <span>([^<]+)</span>", tasks)
        assert shown == [
            ("1", "Webhook endpoints that fail"),
            ("1", "Platform keys that end within 30 days"),
        ]

    def test_nobody_is_told_of_their_own_proposal(self, now: datetime) -> None:
        root, employer = make_reviewer(now), make_employer(now)

        def waits(user: User) -> str:
            found = re.search(
                r"<b>(\d+)</b> <span>Tier changes to confirm", page(sign_in(user), "/console/")
            )
            return found[1] if found else "nothing"

        Move.objects.create(
            employer=employer, tier="provisional", why="x", proposed_by=root, proposed_at=now
        )
        assert (waits(root), waits(make_reviewer(now))) == ("nothing", "1")

    def test_what_does_not_wait_is_not_shown(self, now: datetime) -> None:
        html = page(sign_in(make_colleague(now, "Operators")), "/console/")
        assert "Nothing is waiting for you." in html and 'class="tasks"' not in html

    def test_auditors_act_on_nothing(self, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(start, "_many", lambda rows: 1)
        html = page(sign_in(make_colleague(now, "Auditors")), "/console/")
        tasks = html.split('class="tasks"')[1].split("</ul>")[0]
        assert "to confirm" not in tasks and "Overdue erasures" in tasks
