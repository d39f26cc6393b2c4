"""Tests that keys are shown once, and that employers and recruiters are only viewed."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from employers.masking import mask_email
from employers.models import ApiClient, ApiKey, Employer, Member, Scope
from events.models import Event
from tests.factories import make_api_client, make_member, make_user, sign_in

pytestmark = pytest.mark.django_db
KEYS = "/console/employers/apiclient/"


@pytest.fixture
def now() -> datetime:
    """The console uses the real clock."""
    return timezone.now()


@pytest.fixture
def root(now: datetime) -> Client:
    return sign_in(make_user(now, is_staff=True, is_superuser=True))


def with_permissions(now: datetime, *codenames: str) -> Client:
    user = make_user(now, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return sign_in(user)


# --- Keys -----------------------------------------------------------------------------------------


def once(client: Client, address: str = KEYS + "add/") -> str:
    found = re.search(r'name="once" value="([^"]+)"', client.get(address).content.decode())
    assert found
    return found.group(1)


def shown_key(response: Any) -> str:
    found = re.search(r'value="((?:zk|test)_[^"]+)"', response.content.decode())
    assert found and "no-store" in response["Cache-Control"]
    return found.group(1)


def opens(key: str, later: timedelta = timedelta()) -> bool:
    return ApiKey.objects.by_key(key, timezone.now() + later) is not None


def test_a_key_is_shown_once_and_works(root: Client) -> None:
    form = {
        "name": "Site A",
        "scopes": ["gate:decide"],
        "once": once(root),
        "return_urls": "https://a.example/hr\n",
    }
    key = shown_key(root.post(KEYS + "add/", form))
    made = ApiKey.objects.by_key(key, timezone.now())
    assert made is not None
    client = made.client
    assert (client.name, client.test, client.return_urls, made.scopes) == (
        "Site A",
        False,
        "https://a.example/hr",
        ["gate:decide"],
    )
    assert root.post(KEYS + "add/", form).status_code == 302
    assert ApiClient.objects.count() == 1
    for address in (KEYS, f"{KEYS}{client.pk}/change/"):
        html = root.get(address).content.decode()
        assert key not in html
        assert made.key_hash not in html


def test_a_platform_for_tests_has_keys_that_say_so(root: Client) -> None:
    form = {
        "name": "Trial",
        "scopes": ["gate:decide"],
        "test": "on",
        "return_urls": "http://localhost:3000/",
        "once": once(root),
    }
    assert shown_key(root.post(KEYS + "add/", form)).startswith("test_")
    assert ApiClient.objects.get().test


@pytest.mark.parametrize(
    "data",
    [
        {"name": "", "scopes": ["gate:decide"]},
        {"name": "A"},
        {"name": "A", "scopes": ["everything"]},
        {"name": "A", "scopes": ["gate:decide"], "return_urls": "http://a.example/"},
    ],
)
def test_a_faulty_form_makes_no_key(root: Client, data: dict[str, Any]) -> None:
    form = {**data, "once": once(root)}
    response = root.post(KEYS + "add/", form)
    assert "errorlist" in response.content.decode()
    assert not ApiClient.objects.exists()
    assert shown_key(
        root.post(KEYS + "add/", form | {"name": "A", "scopes": ["gate:decide"], "return_urls": ""})
    )


def test_a_platform_has_several_keys_and_one_is_revoked(root: Client, now: datetime) -> None:
    client, first = make_api_client(now)
    address = f"{KEYS}{client.pk}/keys/add/"
    form = {"scopes": ["employers:read"], "once": once(root, address)}
    second = shown_key(root.post(address, form))
    assert root.post(address, form).status_code == 302 and ApiKey.objects.count() == 2
    row = ApiKey.objects.by_key(second, timezone.now())
    assert row is not None and row.client == client and row.scopes == ["employers:read"]
    revoke = f"{KEYS}keys/{row.pk}/revoke/"
    assert revoke in root.get(f"{KEYS}{client.pk}/change/").content.decode()
    assert root.get(revoke).status_code == 200 and opens(second), "GET revokes nothing"
    for _ in range(2):
        assert root.post(revoke).status_code == 302
    assert not opens(second) and opens(first)
    assert Event.objects.about(client).filter(verb="revoke_key").count() == 1
    assert revoke not in root.get(f"{KEYS}{client.pk}/change/").content.decode()
    rotate = f"{KEYS}keys/{row.pk}/rotate/"
    assert root.post(rotate, {"overlap": "0", "once": once(root, rotate)}).status_code == 302
    assert ApiKey.objects.count() == 2, "an ended key cannot be rotated"


@pytest.mark.parametrize(("overlap", "hours"), [("0", 0), ("1h", 1), ("24h", 24), ("7d", 168)])
def test_a_key_is_replaced_with_an_overlap(
    root: Client, now: datetime, overlap: str, hours: int
) -> None:
    client, old = make_api_client(now, Scope.GATE_DECIDE, Scope.EVENTS_READ)
    address = f"{KEYS}keys/{client.keys.get().pk}/rotate/"
    new = shown_key(root.post(address, {"overlap": overlap, "once": once(root, address)}))
    made = ApiKey.objects.by_key(new, timezone.now())
    assert made is not None and made.scopes == ["gate:decide", "events:read"]
    moment = timedelta(minutes=1)
    assert opens(new, timedelta(days=99))
    assert not opens(old, timedelta(hours=hours) + moment)
    assert opens(old, max(timedelta(), timedelta(hours=hours) - moment)) == (hours > 0)
    assert (
        "errorlist"
        in root.post(address, {"overlap": "forever", "once": once(root, address)}).content.decode()
    )


def test_the_contact_is_given_and_edited(root: Client, now: datetime) -> None:
    form = {
        "name": "Site A",
        "scopes": ["gate:decide"],
        "once": once(root),
        "contact_email": "ops@a.example",
        "contact_language": "en",
    }
    assert shown_key(root.post(KEYS + "add/", form))
    client = ApiClient.objects.get()
    assert (client.contact_email, client.contact_language) == ("ops@a.example", "en")
    page = f"{KEYS}{client.pk}/change/"
    assert (
        "ops@a.example" in root.get(page).content.decode()
        and f"{KEYS}{client.pk}/contact/" in root.get(page).content.decode()
    )
    assert (
        "errorlist"
        in root.post(f"{KEYS}{client.pk}/contact/", {"contact_email": "nobody"}).content.decode()
    )
    assert (
        root.post(
            f"{KEYS}{client.pk}/contact/", {"contact_email": "", "contact_language": "zh-hans"}
        ).status_code
        == 302
    )
    client.refresh_from_db()
    assert (client.contact_email, client.contact_language) == ("", "zh-hans")


def test_return_addresses_are_edited(root: Client, now: datetime) -> None:
    client, _ = make_api_client(now)
    address = f"{KEYS}{client.pk}/return-addresses/"
    refused = root.post(address, {"return_urls": "https://a.example/?x=1"}).content.decode()
    assert "errorlist" in refused and "https://a.example/?x=1" in refused
    for _ in range(2):
        assert (
            root.post(
                address, {"return_urls": " https://a.example/ \n\nhttps://b.example/hr"}
            ).status_code
            == 302
        )
    client.refresh_from_db()
    assert client.return_urls.splitlines() == ["https://a.example/", "https://b.example/hr"]
    assert Event.objects.about(client).filter(verb="set_return_urls").count() == 1
    assert "https://b.example/hr" in root.get(f"{KEYS}{client.pk}/change/").content.decode()


def test_a_key_is_made_with_an_end_and_networks_and_these_are_edited(
    root: Client, now: datetime
) -> None:
    page = KEYS + "add/"
    typed = {
        "name": "a platform",
        "scopes": ["employers:read"],
        "expires_at": "2030-01-31",
        "allowed_networks": "203.0.113.0/24",
    }
    shown_key(root.post(page, typed | {"once": once(root)}))
    key = ApiKey.objects.get()
    assert timezone.localtime(key.expires_at).isoformat() == "2030-02-01T00:00:00+08:00"
    assert key.allowed_networks == "203.0.113.0/24"
    for wrong, says in (
        ({"expires_at": "2020-01-01"}, "The end date is in the past"),
        ({"allowed_networks": "here"}, "This is not an address or a network"),
    ):
        for address in (page, f"{KEYS}{key.client_id}/keys/add/", f"{KEYS}keys/{key.pk}/limits/"):
            again = {"once": once(root, address)} if "limits" not in address else {}
            answer = root.post(address, typed | wrong | again)
            assert says in answer.content.decode(), address
    rotate = f"{KEYS}keys/{key.pk}/rotate/"
    answer = root.post(
        rotate, {"once": once(root, rotate), "overlap": "24h", "expires_at": "2020-01-01"}
    )
    assert "The end date is in the past" in answer.content.decode()
    assert ApiKey.objects.count() == ApiClient.objects.count() == 1

    limits = f"{KEYS}keys/{key.pk}/limits/"
    page_of_it = root.get(limits).content.decode()
    assert 'value="2030-01-31"' in page_of_it and "203.0.113.0/24" in page_of_it
    listed = root.get(f"{KEYS}{key.client_id}/change/").content.decode()
    assert limits in listed and "203.0.113.0/24" in listed
    assert root.post(limits, {"expires_at": "", "allowed_networks": ""}).status_code == 302
    key.refresh_from_db()
    assert (key.expires_at, key.allowed_networks) == (None, "")


def test_an_unchanged_date_keeps_the_end_of_the_overlap(root: Client, now: datetime) -> None:
    make_api_client(now, Scope.EMPLOYERS_READ)
    key, end = ApiKey.objects.get(), timezone.now() + timedelta(hours=1)
    ApiKey.objects.update(expires_at=end)
    day = timezone.localdate(end).isoformat()
    root.post(f"{KEYS}keys/{key.pk}/limits/", {"expires_at": day, "allowed_networks": "::1"})
    key.refresh_from_db()
    assert (key.expires_at, key.allowed_networks) == (end, "::1/128")


def test_a_key_is_revoked_after_a_second_look(root: Client, now: datetime) -> None:
    client, key = make_api_client(now)
    address = f"{KEYS}{client.pk}/revoke/"
    assert address in root.get(f"{KEYS}{client.pk}/change/").content.decode()
    assert root.get(address).status_code == 200
    assert ApiKey.objects.by_key(key, timezone.now()) is not None
    root.post(address)
    assert ApiKey.objects.by_key(key, timezone.now()) is None
    assert Event.objects.about(client).filter(verb="revoke_api_client").count() == 1
    assert address not in root.get(f"{KEYS}{client.pk}/change/").content.decode()


def test_keys_need_their_permissions(now: datetime) -> None:
    client, key = make_api_client(now)
    looker = with_permissions(now, "view_apiclient")
    assert looker.get(KEYS).status_code == 200
    assert looker.get(KEYS + "add/").status_code == 403
    row = client.keys.get()
    for page in (
        f"{client.pk}/revoke/",
        f"{client.pk}/keys/add/",
        f"{client.pk}/return-addresses/",
        f"keys/{row.pk}/limits/",
        f"keys/{row.pk}/rotate/",
        f"keys/{row.pk}/revoke/",
    ):
        assert looker.get(KEYS + page).status_code == looker.post(KEYS + page).status_code == 403
    assert f"keys/{row.pk}/" not in looker.get(f"{KEYS}{client.pk}/change/").content.decode()
    root = sign_in(make_user(now, is_staff=True, is_superuser=True))
    assert (
        root.post(
            f"{KEYS}{client.pk}/change/", {"name": "other", "revoked_at_0": "2026-01-01"}
        ).status_code
        == 403
    )
    assert root.post(f"{KEYS}{client.pk}/delete/", {"post": "yes"}).status_code == 403
    made = ApiKey.objects.by_key(key, timezone.now())
    assert made is not None and made.client == client


# --- Employers and members ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("email", "shown"),
    [("a@b.example", "a***@b.example"), ("long.name@b.example", "l***@b.example"), ("", "")],
)
def test_masked(email: str, shown: str) -> None:
    assert mask_email(email) == shown


def test_employers_and_members_are_only_looked_at(root: Client, now: datetime) -> None:
    member = make_member(now)
    for model, pk in (("employer", member.employer_id), ("member", member.pk)):
        address = f"/console/employers/{model}/"
        assert root.get(address + "add/").status_code == 403
        assert (
            root.post(f"{address}{pk}/change/", {"name": "x", "role": "recruiter"}).status_code
            == 403
        )
        assert root.post(f"{address}{pk}/delete/", {"post": "yes"}).status_code == 403
        root.post(
            address, {"action": "delete_selected", "_selected_action": [str(pk)], "post": "yes"}
        )
    member.refresh_from_db()
    assert (member.role, Member.objects.count(), Employer.objects.count()) == ("owner", 1, 1)
