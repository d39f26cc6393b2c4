"""Tests of who may view and decide a case. No admin form writes a row."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group

from tests.factories import make_colleague, make_member, make_user, sign_in
from tests.verification.admin.case.waiting_cases import QUEUE, page_of, press, waiting_case
from verification.admin.case.admin import CaseAdmin
from verification.models import Case
from verification.rules.states import State

pytestmark = pytest.mark.django_db


def test_those_who_may_only_look_have_no_buttons(now: datetime) -> None:
    from django.contrib.auth.models import Permission

    case = waiting_case(now)
    looker = make_colleague(now)
    looker.user_permissions.set(Permission.objects.filter(codename="view_case"))
    client = sign_in(looker)
    response = client.get(page_of(case))
    assert (response.status_code, response.context["buttons"]) == (200, [])
    for verb in (
        "claim",
        "release",
        "approve",
        "request_changes",
        "reject",
        "suspend",
        "reinstate",
        "revoke",
    ):
        assert (
            press(client, case, verb, reasons=["review_decided"], confirmed="1").status_code == 403
        )
    assert client.post(f"{QUEUE}next/").status_code == 403


def test_staff_without_the_permission_and_recruiters_see_nothing(now: datetime) -> None:
    case = waiting_case(now)
    document = case.documents.get()
    for user, status in ((make_colleague(now), 403), (make_member(now).user, 302)):
        for address in (QUEUE, page_of(case), f"{QUEUE}{case.pk}/page/{document.pk}/1/"):
            assert sign_in(user).get(address).status_code == status, address
        assert press(sign_in(user), case, "claim").status_code == status


def test_the_group_is_made_again_without_harm(now: datetime) -> None:
    from importlib import import_module

    from django.db import connection

    migration = import_module("verification.migrations.0002_reviewers_group")
    before = set(Group.objects.get(name="Reviewers").permissions.values_list("codename", flat=True))
    with (
        connection.schema_editor() if connection.vendor == "postgresql" else _no_editor(connection)
    ) as editor:
        migration.create_group(apps, editor)
    assert (
        set(Group.objects.get(name="Reviewers").permissions.values_list("codename", flat=True))
        == before
    )
    assert {"view_case", "change_case", "view_event"} <= before
    assert not {name for name in before if name.startswith(("add_", "delete_"))}


class _no_editor:
    """SQLite's schema editor cannot be opened in a transaction; the migration only uses its
    connection.
    """

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *raised: object) -> None:
        pass


@pytest.mark.parametrize("model", ["case", "document", "attempt", "decision", "registryrecord"])
def test_no_form_of_the_admin_writes_a_row(now: datetime, model: str) -> None:
    root = sign_in(make_user(now, is_staff=True, is_superuser=True))
    case = waiting_case(now)
    pk = {
        "case": case.pk,
        "document": case.documents.get().pk,
        "attempt": case.attempts.get().pk,
        "decision": case.decisions.get().pk,
        "registryrecord": "x",
    }[model]
    address = f"/console/verification/{model}/"
    assert root.get(address + "add/").status_code == 403
    assert root.post(address + "add/", {}).status_code == 403
    assert root.get(f"{address}{pk}/delete/").status_code in (302, 403)
    assert root.post(f"{address}{pk}/delete/", {"post": "yes"}).status_code in (302, 403)
    assert root.post(
        f"{address}{pk}/change/", {"state": "approved", "declared_name": "x"}
    ).status_code in (302, 403, 405)
    root.post(address, {"action": "delete_selected", "_selected_action": [str(pk)], "post": "yes"})
    case.refresh_from_db()
    assert (case.state, case.declared_name, case.documents.count(), case.decisions.count()) == (
        State.IN_REVIEW,
        case.employer.name,
        1,
        1,
    )


def test_case_admin_has_no_way_to_write() -> None:
    case_admin = CaseAdmin(Case, admin.site)
    for way in (
        case_admin.has_add_permission,
        case_admin.has_change_permission,
        case_admin.has_delete_permission,
    ):
        assert way(None) is False  # type: ignore[arg-type]
