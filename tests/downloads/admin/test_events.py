"""Tests that the console shows events, permissions and script widgets in words."""

from __future__ import annotations

import ast
import json
from datetime import datetime
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import translation

from downloads.admin import event_words
from events.core.actor import SYSTEM
from events.core.event_types import TYPES
from events.models import record
from tests.factories import make_case, make_member, make_user
from tests.words import left_in_latin, misprints
from verification.rules.states import State

ROOMS = ("config", "downloads", "verification", "employers", "events")
RECORDERS = {"record", "record_binding_event", "record_release_event", "record_candidate_event"}


def recorded_verbs() -> set[str]:
    """Return the verbs that the code records, wherever they are written out."""
    found = {verb for verb, _kind in TYPES}
    for room in ROOMS:
        for path in (Path(settings.BASE_DIR) / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and node.args and _name(node.func) in RECORDERS:
                    found |= {
                        each.value
                        for each in ast.walk(node.args[0])
                        if isinstance(each, ast.Constant) and isinstance(each.value, str)
                    }
    return found


def _name(function: ast.expr) -> str:
    return getattr(function, "id", "") or getattr(function, "attr", "")


def test_every_event_has_words() -> None:
    verbs = recorded_verbs()
    assert len(verbs) > 80, "the search finds them"
    assert verbs - event_words.EVENTS.keys() == set()


def test_every_kind_of_subject_has_words() -> None:
    with translation.override("zh-hans"):
        kinds = {kind for _verb, kind in TYPES} | {"goldencase", "user", "savedreply", "exclusion"}
        assert left_in_latin(str(event_words.kind_in_words(kind)) for kind in kinds) == []


def test_states_are_in_words() -> None:
    with translation.override("zh-hans"):
        assert str(event_words.state_in_words("case", State.IN_REVIEW)) == "待审核"
        assert str(event_words.state_in_words("standing", "restricted")) == "受限"
        assert str(event_words.state_in_words("candidate", "tell_after")) == "事后告知"
        assert event_words.state_in_words("gone", "x") == "x"


@pytest.fixture
def root(now: datetime) -> Client:
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(make_user(now, is_staff=True, is_superuser=True))
    return client


@pytest.mark.django_db
def test_an_event_is_found_and_shown_in_words_with_its_code(root: Client, now: datetime) -> None:
    case = make_case(make_member(now), now)
    event = record(
        "submit", case, SYSTEM, now, from_state="draft", to_state="submitted", reasons=["no_code"]
    )
    rows = root.get("/console/events/event/?q=submit&to_state=submitted").content.decode()
    assert f"<code>{case.pk}</code>" in rows and "申请" in rows and "草稿" in rows
    page = root.get(f"/console/events/event/{event.pk}/change/").content.decode()
    assert "<code>submit</code>" in page and "已提交" in page and "None" not in page


@pytest.mark.django_db
def test_groups_offer_what_the_console_shows_in_words(root: Client) -> None:
    group = Group.objects.get(name="Leads")
    answer = root.get(f"/console/auth/group/{group.pk}/change/")
    assert "<h2>主管</h2>" in answer.content.decode()
    assert str(answer.context["original"]) == "主管", "for the breadcrumbs"
    page = answer.context["adminform"].form
    labels = [label for _value, label in page.fields["permissions"].choices]
    assert left_in_latin(labels, "Webhook") == [] and misprints(labels) == []
    assert "申请 · 对申请作出决定" in labels and "申请 · 查看审核质量" in labels
    offered = {choice.value for choice, _label in page.fields["permissions"].choices}
    assert set(group.permissions.values_list("pk", flat=True)) <= offered, "saving drops nothing"
    assert apps.get_model("auth", "Permission").objects.count() > len(labels), "nothing internal"


@pytest.mark.django_db
def test_the_groups_of_an_account_are_in_words(root: Client, now: datetime) -> None:
    user = make_user(now, is_staff=True)
    form = root.get(f"/console/employers/user/{user.pk}/change/").context["adminform"].form
    assert {"审核员", "资深审核员", "主管"} <= {
        label for _v, label in form.fields["groups"].choices
    }
    listed = root.get("/console/employers/user/").content.decode()
    assert 'alt="是"' in listed and 'alt="True"' not in listed


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "words"), [("zh-hans", "选择全部%s"), ("en", "Choose all %s")]
)
def test_script_widgets_speak_the_language(root: Client, language: str, words: str) -> None:
    root.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    catalog = root.get("/console/jsi18n/", headers={"accept-language": language})
    assert json.dumps({"Choose all %s": words})[1:-1] in catalog.content.decode()
