"""Tests of saved replies on a case's page."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client

from employers.models import User
from events.core.reasons import REASONS
from events.models import Event
from tests.factories import make_reviewer, sign_in
from tests.verification.admin.case.waiting_cases import page_of
from verification.models import Case, SavedReply

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer(now: datetime) -> User:
    """A reviewer with all powers."""
    return make_reviewer(now)


class TestSavedReplies:
    REPLIES = "/console/verification/savedreply/"
    SENT = {
        "code": "seal",
        "verb": "request_changes",
        "title_zh": "印章",
        "title_en": "Seal",
        "text_zh": "{company}：请加盖印章",
        "text_en": "Stamp it",
    }

    def test_a_lead_writes_one_and_retires_it(
        self, client: Client, reviewer: User, claimed: Case
    ) -> None:
        assert client.post(f"{self.REPLIES}add/", self.SENT).status_code == 302
        reply = SavedReply.objects.get()
        event = Event.objects.get(verb="keep_reply")
        assert (reply.text_zh, event.actor_id, event.data["code"]) == (
            "{company}：请加盖印章",
            str(reviewer.pk),
            "seal",
        )
        assert "Seal</option>" in client.get(page_of(claimed)).content.decode()
        client.post(f"{self.REPLIES}{reply.pk}/change/", self.SENT | {"retired": "on"})
        reply.refresh_from_db()
        assert (
            reply.retired_at is not None
            and "Seal</option>" not in client.get(page_of(claimed)).content.decode()
        )
        assert client.get(f"{self.REPLIES}{reply.pk}/change/").status_code == 200
        assert client.post(f"{self.REPLIES}{reply.pk}/delete/", {"post": "yes"}).status_code == 403

    @pytest.mark.parametrize("text", ["{firm}：请加盖印章", "单独的 {", "{company}：{items"])
    def test_none_is_kept_with_a_variable_that_nobody_knows(
        self, client: Client, text: str
    ) -> None:
        response = client.post(f"{self.REPLIES}add/", self.SENT | {"text_zh": text})
        assert (
            response.status_code == 200
            and REASONS["reply_variable_unknown"].says.en in response.content.decode()
        )
        assert not SavedReply.objects.exists()

    def test_reviewers_only_look(self, now: datetime) -> None:
        from django.contrib.auth.models import Group

        plain = make_reviewer(now)
        plain.is_superuser = False
        plain.save()
        plain.groups.set(Group.objects.filter(name="Reviewers"))
        client = sign_in(plain)
        assert client.get(self.REPLIES).status_code == 200
        assert client.post(f"{self.REPLIES}add/", self.SENT).status_code == 403
