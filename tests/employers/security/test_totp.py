"""Tests that codes follow the standard, and are valid within a step of the clock for one secret
only.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from employers.security import totp

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
RFC_6238 = {
    59: "94287082",
    1111111109: "07081804",
    1111111111: "14050471",
    1234567890: "89005924",
    2000000000: "69279037",
    20000000000: "65353130",
}
"""RFC 6238, appendix B, SHA-1.

Its codes have eight digits. Ours are the last six of them.
"""
RFC_4226 = [
    "755224",
    "287082",
    "359152",
    "969429",
    "338314",
    "254676",
    "287922",
    "162583",
    "399871",
    "520489",
]
"""RFC 4226, appendix D."""
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


@pytest.mark.parametrize(("seconds", "code"), list(RFC_6238.items()))
def test_the_vectors_of_rfc_6238(seconds: int, code: str) -> None:
    now = datetime.fromtimestamp(seconds, UTC)
    assert totp.code_of_step(RFC_SECRET, totp.step_at(now)) == code[-6:]
    assert totp.step_at(now) in totp.matching_steps(RFC_SECRET, code[-6:], now)


@pytest.mark.parametrize(("counter", "code"), list(enumerate(RFC_4226)))
def test_the_vectors_of_rfc_4226(counter: int, code: str) -> None:
    assert totp.code_of_step(RFC_SECRET, counter) == code


@given(MOMENTS, st.integers(-5, 5))
def test_a_code_is_good_a_step_before_and_after(now: datetime, away: int) -> None:
    step = totp.step_at(now) + away
    assert (step in totp.matching_steps(SECRET, totp.code_of_step(SECRET, step), now)) == (
        abs(away) <= totp.DRIFT
    )


@given(MOMENTS, st.text(max_size=12))
def test_whatever_is_typed_is_judged(now: datetime, typed: str) -> None:
    here = totp.step_at(now)
    assert bool(totp.matching_steps(SECRET, typed, now)) == (
        typed in {totp.code_of_step(SECRET, here + away) for away in (-1, 0, 1)}
    )


def test_secrets_are_long_and_never_the_same() -> None:
    made = {totp.new_secret() for _ in range(100)}
    assert len(made) == 100
    assert {len(base64.b32decode(secret)) for secret in made} == {20}


def test_the_address_is_what_apps_read() -> None:
    address = urlsplit(totp.provisioning_uri(SECRET, "li.na+x@zizhi.example", "Zizhi 资质"))
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert address.path == "/Zizhi%20%E8%B5%84%E8%B4%A8:li.na%2Bx%40zizhi.example"
    assert parse_qs(address.query) == {"secret": [SECRET], "issuer": ["Zizhi 资质"]}


def test_one_step_is_half_a_minute() -> None:
    at = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    assert [
        totp.step_at(at + timedelta(seconds=s)) - totp.step_at(at) for s in (0, 29, 30, 60)
    ] == [0, 0, 1, 2]
