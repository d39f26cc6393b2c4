"""Tests that a list of the console filters, orders and searches only by what it shows.

The tests walk over every registered admin and every field that its model leads to.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, Model
from django.test import RequestFactory
from django.urls import NoReverseMatch, reverse
from django.utils import timezone, translation

from downloads.admin import event_words
from employers.models import User
from events.core.actor import SYSTEM
from events.models import record
from tests.factories import make_colleague, make_employer, make_member, make_user, sign_in

pytestmark = pytest.mark.django_db
SECRET = {
    "caller_index",
    "code_hash",
    "digest",
    "fingerprint",
    "golden",
    "golden_turn",
    "key_hash",
    "made_for",
    "password",
    "phone_sealed",
    "secret_sealed",
}
"""Fields that no list may tell anything about."""
ENDINGS = ("", "__isnull", "__startswith", "__gt", "__regex", "__exact", "__in")
ADMINS = sorted(admin.site._registry.items(), key=lambda pair: pair[0]._meta.label)
NAMES = [model._meta.label for model, _ in ADMINS]


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def root(now: datetime) -> User:
    return make_user(now, is_staff=True, is_superuser=True)


def asked(user: User, path: str = "/") -> Any:
    request = RequestFactory().get(path)
    request.user = user
    return request


def paths(model: type[Model], depth: int = 2) -> Iterator[str]:
    """Yield the path of every field, over relations in both directions."""
    for field in model._meta.get_fields():
        name = field.name if isinstance(field, Field) else field.get_accessor_name() or field.name  # type: ignore[union-attr]
        query = name if isinstance(field, Field) else field.name
        yield query
        if isinstance(field, Field) and field.is_relation:
            yield field.attname if hasattr(field, "attname") else query
        if depth and field.is_relation and isinstance(field.related_model, type):
            yield from (f"{query}__{rest}" for rest in paths(field.related_model, depth - 1))


def offered(of: Any, request: Any) -> set[str]:
    """Return the parameters in the links that the list's own filters make."""
    changes = of.get_changelist_instance(request)
    return {name for spec in changes.filter_specs for name in spec.expected_parameters()}


@pytest.mark.parametrize(("model", "of"), ADMINS, ids=NAMES)
def test_a_list_filters_by_what_it_offers_and_by_nothing_else(
    model: type[Model], of: Any, root: User
) -> None:
    request = asked(root)
    listed = offered(of, request)
    assert all(of.lookup_allowed(name, "1", request) for name in listed)
    fields = {
        item[0] if isinstance(item, tuple) else item
        for item in of.get_list_filter(request)
        if not isinstance(item, type)
    }
    for path in paths(model):
        for ending in ENDINGS:
            if path not in fields:
                allowed = of.lookup_allowed(path + ending, "1", request)
                assert not allowed or {path, path + ending} & listed, path
            elif ending in ("__startswith", "__gt", "__regex", "__in"):
                assert not of.lookup_allowed(path + ending, "1", request), path
    assert not of.lookup_allowed("no_such_field", "1", request)


@pytest.mark.parametrize(("model", "of"), ADMINS, ids=NAMES)
def test_a_list_is_ordered_by_its_columns(model: type[Model], of: Any, root: User) -> None:
    """`?o=` takes the number of a column; a computed column names the field behind it."""
    changes = of.get_changelist_instance(asked(root))
    for column in changes.list_display:
        path = str(changes.get_ordering_field(column) or "").lstrip("-")
        secret = SECRET | (set() if model is User else {"email"})
        assert not secret & set(path.split("__")), column


@pytest.mark.parametrize(("model", "of"), ADMINS, ids=NAMES)
def test_a_search_finds_secrets_only_whole(model: type[Model], of: Any, root: User) -> None:
    for written in of.get_search_fields(asked(root)):
        path = written.lstrip("=^@")
        try:
            fields = get_fields_from_path(model, path)
        except FieldDoesNotExist:
            fields = []
        names = {field.name for field in fields}
        assert not SECRET & names, written
        if "email" in names and model is not User:
            assert written.startswith("="), written


@pytest.mark.parametrize(("model", "of"), ADMINS, ids=NAMES)
def test_a_row_is_addressed_by_its_key_only(model: type[Model], of: Any, root: User) -> None:
    request = asked(root)
    for field in model._meta.fields:
        allowed = of.to_field_allowed(request, field.attname)
        assert allowed == field.primary_key or not allowed, field.name


@pytest.mark.parametrize("group", ["Reviewers", "Seniors", "Leads", "Auditors"])
@pytest.mark.parametrize(
    "address",
    [
        "verification/case/?golden=1",
        "verification/case/?golden__exact=1&state=all",
        "verification/case/?golden_turn__isnull=False",
        "verification/case/?employer__made_for__isnull=False",
        "verification/document/?case__golden=1",
        "verification/attempt/?case__golden=1",
        "verification/decision/?case__golden_turn__isnull=False",
        "employers/employer/?made_for__isnull=False",
        "employers/employer/?made_for=1",
        "employers/employer/?made_for_id__isnull=False",
        "employers/member/?employer__made_for__isnull=False",
        "employers/member/?user__password__startswith=m",
        "employers/member/?user__email__startswith=a",
        "employers/member/?user__is_active=0",
        "verification/document/?sha256__startswith=0",
        "verification/exclusion/?value__startswith=9",
        "verification/exclusion/?case__golden=1",
        "events/event/?data__contains=golden",
        "events/event/?id__lt=5",
    ],
)
def test_an_address_with_another_field_is_refused(group: str, address: str, now: datetime) -> None:
    client = sign_in(make_colleague(now, group))
    assert client.get(f"/console/{address}").status_code == 400


def test_the_console_has_no_pages_that_answer_for_any_row(now: datetime) -> None:
    member = make_member(now)
    client = sign_in(make_colleague(now, "Reviewers"))
    for name, args in (("autocomplete", []), ("view_on_site", [1, member.pk])):
        with pytest.raises(NoReverseMatch):
            reverse(f"admin:{name}", args=args)
    asked = {"app_label": "verification", "model_name": "proof", "field_name": "member"}
    assert client.get("/console/autocomplete/", asked).status_code == 404
    assert client.get(f"/console/r/1/{member.pk}/").status_code == 404


def test_only_who_may_know_of_golden_cases_sees_the_order_of_writing(now: datetime) -> None:
    employer = make_employer(now)
    late = record("open", employer, SYSTEM, now)
    early = record("register", employer, SYSTEM, now - timedelta(minutes=9))
    for group, opens in (
        ("Reviewers", False),
        ("Seniors", False),
        ("Leads", True),
        ("Auditors", True),
    ):
        client = sign_in(make_colleague(now, group))
        page = client.get("/console/events/event/", {"q": str(employer.pk)}).content.decode()
        with translation.override("en"):
            first, second = (str(event_words.EVENTS[verb]) for verb in ("open", "register"))
        assert page.index(first) < page.index(second), "the latest first"
        for event in (late, early):
            address = f"/console/events/event/{event.pk}/"
            assert (f"{address}change/" in page) is opens
            for action in ("change", "history"):
                assert client.get(f"{address}{action}/").status_code == (200 if opens else 403)
        assert opens or client.get("/console/events/event/0/change/").status_code == 403
