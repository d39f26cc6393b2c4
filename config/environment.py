"""Reads environment variables, and refuses values that a deployment cannot run with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.util import find_spec

import environ
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from events.sms.texts import TEXTS

env = environ.Env()


def read_required(name: str) -> str:
    """Return the value of a variable that has no default."""
    value: str = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set. Run `make setup` to make a .env for this machine, or set it in the"
            " environment."
        )
    return value


def site_url(name: str) -> str:
    """Return the public address of the site, or "" if it is not set."""
    value: str = env.str(name, default="").rstrip("/")
    if value and not re.fullmatch(r"https?://[^/@?#\s]+", value):
        raise ImproperlyConfigured(f"{name} is {value!r}, but must be like https://zizhi.example.")
    return value


def not_in_public(what: str, site: str) -> ImproperlyConfigured:
    """Return the error about something that is for trying out only."""
    return ImproperlyConfigured(f"{what}. This is not allowed with ZIZHI_SITE_URL {site}.")


def check_service() -> None:
    """Refuse to start a process of the service without the settings that make it public or local.

    Commands run without them, and have what a deployment has: no simulators, no conveniences.
    """
    for name, value, example in (
        ("ZIZHI_SITE_URL", settings.SITE_URL, "https://zizhi.example"),
        ("ZIZHI_EMAIL_URL", settings.MAIL_URL, "smtp+tls://user:password@host:587"),
    ):
        if not value:
            raise ImproperlyConfigured(
                f"{name} is not set. Set it to an address such as {example}. To try Zizhi out, use"
                " `make run`."
            )


def one_of(name: str, choices: Sequence[str], default: str) -> str:
    """Return one of `choices`. If these include an empty one, the variable is optional."""
    value: str = env.str(name, default=default)
    if value not in choices:
        named = ", ".join(choice or "empty" for choice in choices)
        raise ImproperlyConfigured(f"{name} is {value!r}; it can be: {named}.")
    return value


def at_least(name: str, lowest: int, default: int, why: str = "") -> int:
    """Return an integer of at least `lowest`. `why` says what a lower one would do."""
    value: int = env.int(name, default=default)
    if value < lowest:
        raise ImproperlyConfigured(
            f"{name} is {value}, but must be at least {lowest}{why and f': {why}'}."
        )
    return value


def read_rate(name: str, default: float) -> float:
    """Return a number of requests per second."""
    value: float = env.float(name, default=default)
    if value < 0:
        raise ImproperlyConfigured(f"{name} is {value}, but must not be negative.")
    return value


def read_share(name: str, default: float) -> float:
    """Return a fraction from 0 to 1."""
    value: float = env.float(name, default=default)
    if not 0 <= value <= 1:
        raise ImproperlyConfigured(f"{name} is {value}, but must be a fraction from 0 to 1.")
    return value


def read_yuan(name: str, default: str) -> int:
    """Return an amount of yuan, in ten-thousandths."""
    text: str = env.str(name, default=default)
    if not re.fullmatch(r"\d{1,9}(\.\d{1,4})?", text):
        raise ImproperlyConfigured(f"{name} is {text!r}, but must be an amount such as 0.05.")
    whole, _, part = text.partition(".")
    return int(whole) * 10_000 + int(part.ljust(4, "0"))


def sms_templates(name: str, provider: str) -> dict[str, str]:
    """Return a provider's codes of our texts. A real provider needs one for each text."""
    codes: dict[str, str] = env.dict(name, default={})
    if unknown := sorted(each for each in codes if each.removesuffix(".en") not in TEXTS):
        raise ImproperlyConfigured(f"{name}: there is no text {', '.join(unknown)}.")
    missing = [text for text in TEXTS if not codes.get(text)]
    if missing and provider in ("aliyun", "tencent"):
        raise ImproperlyConfigured(f"{name} has no code for {', '.join(missing)}.")
    return codes


def read_endpoint(name: str, default: str) -> str:
    """Return the address of a server, without a path."""
    value: str = env.str(name, default=default)
    if not re.fullmatch(r"https?://[^/@?#]+/?", value):
        raise ImproperlyConfigured(f"{name} is not https://host or http://host:port.")
    return value


def read_contacts(name: str) -> list[str]:
    """Return the URIs at which people can be reached."""
    found: list[str] = env.list(name, default=[])
    for uri in found:
        if not re.fullmatch(r"(mailto:[^@\s]+@|https://|tel:\+?)[^@\s]+", uri):
            raise ImproperlyConfigured(
                f"{name}: {uri!r} begins with none of mailto:, https://, tel:."
            )
    return found


def read_languages(name: str, default: list[str]) -> list[str]:
    """Return language tags (RFC 5646), such as `en`."""
    found: list[str] = env.list(name, default=default)
    if not found or not all(
        re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", tag) for tag in found
    ):
        raise ImproperlyConfigured(f"{name} is {','.join(found)!r}, but must be as in zh,en.")
    return found


def read_instant(name: str) -> datetime | None:
    """Return a time of RFC 3339, which names its offset from UTC; None if it is not set."""
    value: str = env.str(name, default="")
    if not value:
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise ImproperlyConfigured(f"{name} is {value!r}, but must be as in 2027-01-31T00:00:00Z.")
    return at.astimezone(UTC)


def needs_package(name: str, package: str, extra: str) -> None:
    """Refuse the value of `name` if its optional package is not installed."""
    if find_spec(package.partition(".")[0]) is None or find_spec(package) is None:
        raise ImproperlyConfigured(
            f"{name} needs an SDK that is not installed: add the extra `{extra}`."
        )
