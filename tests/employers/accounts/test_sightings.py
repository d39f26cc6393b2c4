"""Tests that accounts are recognised by what they were seen with, and that it cannot be read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from employers.accounts import registration, sightings
from employers.accounts.views import site_links
from employers.masking import masked_phone
from employers.models import Sighting, SightingKind, User
from employers.security import throttle
from events.core.errors import Refused
from tests.factories import PASSWORD, make_member, make_uscc, make_user
from tests.keys import at_each_stage, change_keys

# --- Pure -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "phone"),
    [
        ("13800138000", "+8613800138000"),
        (" 138 0013-8000 ", "+8613800138000"),
        ("+86 138 0013 8000", "+8613800138000"),
        ("008613800138000", "+8613800138000"),
        ("8613800138000", "+8613800138000"),
        ("\uff11\uff13\uff18\uff10\uff10\uff11\uff13\uff18\uff10\uff10\uff10", "+8613800138000"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_a_phone_is_spelt_one_way(typed: str, phone: str) -> None:
    assert sightings.check_phone(typed) == phone


@pytest.mark.parametrize(
    "typed",
    [
        "12800138000",
        "1380013800",
        "138001380000",
        "+1 13800138000",
        "010-12345678",
        "abc",
        "١٣٨٠٠١٣٨٠٠٠",
    ],
)
def test_what_is_no_mobile_number(typed: str) -> None:
    with pytest.raises(Refused, match="phone_invalid"):
        sightings.check_phone(typed)


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("unknown", ""),
        ("", ""),
    ],
)
def test_a_neighbourhood(network: str, expected: str) -> None:
    assert sightings.network_neighbourhood(network) == expected


def test_a_device_is_believed_only_as_we_signed_it() -> None:
    cookie = sightings.new_device()
    assert sightings.device_in(cookie) and sightings.device_in(
        sightings.new_device()
    ) != sightings.device_in(cookie)
    assert sightings.device_in(cookie[:-1] + ("A" if cookie[-1] != "A" else "B")) == ""
    assert sightings.device_in("") == sightings.device_in("made up") == ""


def test_a_number_is_masked() -> None:
    assert masked_phone("+8613800135678") == "+86 138****5678"
    assert masked_phone("") == ""


# --- Kept -----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_seen_again_is_one_row_that_lasts_longer(now: datetime) -> None:
    user = make_user(now)
    sightings.record_sighting(user, now, device="d", network="192.0.2.1", phone="+8613800138000")
    later = now + timedelta(days=3)
    sightings.record_sighting(user, later, device="d", network="192.0.2.200")
    rows = {row.kind: (row.first_at, row.last_at) for row in Sighting.objects.filter(user=user)}
    assert rows == {"device": (now, later), "network": (now, later), "phone": (now, now)}


@pytest.mark.django_db
def test_two_accounts_share_a_digest_and_nothing_readable(now: datetime) -> None:
    for _ in range(2):
        sightings.record_sighting(make_user(now), now, device="d", phone="+8613800138000")
    assert set(Sighting.objects.values_list("kind", flat=True)) == {"device", "phone"}
    digests = set(Sighting.objects.values_list("digest", flat=True))
    assert len(digests) == 2 and not any("138" in digest and "8000" in digest for digest in digests)
    assert all(len(digest) == 64 for digest in digests)


# --- At the doors ---------------------------------------------------------------------------------


@pytest.mark.django_db
def test_registration_with_a_phone(now: datetime) -> None:
    user = registration.open_account(
        email="hr@shili.example",
        password=PASSWORD,
        phone="138 0013 8000",
        language="en",
        links=site_links(),
        now=now,
    )
    assert "138" not in user.phone_sealed and sightings.phone_of(user) == "+8613800138000"
    phone, *_ = sightings.sighting_indexes(SightingKind.PHONE, "+8613800138000")
    assert dict(Sighting.objects.values_list("kind", "digest"))["phone"] == phone


@pytest.mark.django_db
def test_registration_is_seen_from_a_device_and_needs_no_phone() -> None:
    client = Client()
    sent = {"email": "hr@shili.example", "password": PASSWORD}
    assert client.post("/register/", sent).status_code == 302
    assert (
        User.objects.get().phone_sealed == "" and not Sighting.objects.filter(kind="phone").exists()
    )
    cookie = client.cookies[sightings.DEVICE_COOKIE]
    assert (
        cookie["httponly"]
        and cookie["samesite"] == "Lax"
        and int(cookie["max-age"]) == sightings.DEVICE_SECONDS
    )
    assert bool(cookie["secure"]) is django_settings.HTTPS


@pytest.mark.django_db
def test_a_wrong_phone_opens_no_account(now: datetime) -> None:
    with pytest.raises(Refused, match="phone_invalid"):
        registration.open_account(
            email="hr@shili.example",
            password=PASSWORD,
            phone="12345",
            language="en",
            links=site_links(),
            now=now,
        )
    assert not User.objects.exists()


@pytest.mark.django_db
def test_one_browser_signs_in_to_two_accounts(now: datetime) -> None:
    client, emails = Client(), [make_member(now).user.email for _ in range(2)]
    for email in emails:
        client.post("/sign-in/", {"username": email, "password": PASSWORD})
        client.post("/sign-out/")
    devices = Sighting.objects.filter(kind="device")
    assert devices.count() == 2 and len(set(devices.values_list("digest", flat=True))) == 1


@pytest.mark.django_db
def test_a_wrong_password_is_no_sighting(now: datetime) -> None:
    Client().post("/sign-in/", {"username": make_member(now).user.email, "password": "wrong"})
    assert not Sighting.objects.exists()


@pytest.mark.django_db
def test_codes_are_not_asked_by_the_thousand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "CODES_FROM_NETWORK", throttle.Limit("code-network", 2))
    client = Client()
    answers = [client.get("/register/code/", {"uscc": make_uscc()}).status_code for _ in range(3)]
    assert answers == [200, 200, 429]


@at_each_stage
@pytest.mark.django_db
def test_a_device_seen_again_after_a_change_of_keys_has_one_row(
    stage: str, now: datetime, settings: Any
) -> None:
    member, later = make_member(now), now + timedelta(days=1)
    sightings.record_sighting(member.user, now, device="browser")
    change_keys(settings, stage)
    sightings.record_sighting(member.user, later, device="browser")
    (seen,) = Sighting.objects.all()
    assert (seen.first_at, seen.last_at) == (now, later)
