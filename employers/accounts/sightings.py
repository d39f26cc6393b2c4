"""Devices, phones and networks that accounts were seen with, to find those that share them.

A device is a browser with a long-lived, signed cookie of ours. The cookie is random and says
nothing about the machine. Only blind indexes are stored: they show that two accounts share a thing,
but not the thing itself.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
from datetime import datetime
from typing import Final

from django.core import signing

from employers.models import PHONE_PURPOSE, Sighting, SightingKind, User
from events.core.errors import Refused
from events.core.sealing import blind_indexes, seal_text
from events.doorbell import notify_worker

DEVICE_COOKIE: Final = "device"
DEVICE_SECONDS: Final = 400 * 24 * 3600
"""The longest time that browsers keep a cookie."""
_DEVICE_SALT: Final = "employers.device"
_MOBILE: Final = re.compile(r"(?:\+|00)?(?:86)?(1[3-9]\d{9})")
_GAPS: Final = re.compile(r"[\s\-\u2010-\u2015()\uff08\uff09\u200b-\u200f\u202a-\u202e]+")
_HALF_WIDTH: Final = {
    ord(full): half
    for full, half in zip(
        "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19\uff0b",
        "0123456789+",
        strict=True,
    )
}


def new_device() -> str:
    """Return a cookie for a browser that has none."""
    return signing.dumps(secrets.token_urlsafe(18), salt=_DEVICE_SALT)


def device_or_new(cookie: str) -> str:
    """Return a cookie for the same device if it is ours, else a new one.

    It is signed again, so that the device outlasts a change of the secret key.
    """
    device = device_in(cookie)
    return signing.dumps(device, salt=_DEVICE_SALT) if device else new_device()


def device_in(cookie: str) -> str:
    """Return the device that a cookie names, or "" if it is not ours."""
    try:
        return str(signing.loads(cookie, salt=_DEVICE_SALT))
    except signing.BadSignature:
        return ""


def network_neighbourhood(network: str) -> str:
    """Return the /24 of an IPv4 address or the /48 of an IPv6 network, about one office or street.
    "" without an address.
    """
    try:
        address = ipaddress.ip_network(network, strict=False)
    except ValueError:
        return ""
    return str(
        address.supernet(new_prefix=min(address.prefixlen, 24 if address.version == 4 else 48))
    )


def sighting_indexes(kind: str, value: str) -> list[str]:
    """Return the indexes that a row may have for a device, phone or network, the current first."""
    return blind_indexes(value, f"sighting.{kind}")


def record_sighting(
    user: User, now: datetime, *, device: str = "", network: str = "", phone: str = ""
) -> None:
    """Record that `user` was seen with these. Repeated sightings update the same rows.

    After the commit, a worker compares them with the exclusion list.
    """
    seen = {
        SightingKind.DEVICE: device,
        SightingKind.NETWORK: network_neighbourhood(network),
        SightingKind.PHONE: phone,
    }
    new = []
    for kind, value in seen.items():
        if not value:
            continue
        current, *former = sighting_indexes(kind, value)
        before = Sighting.objects.filter(user=user, kind=kind, digest__in=former)
        if not former or not before.update(last_at=now):
            new.append(Sighting(user=user, kind=kind, digest=current, first_at=now, last_at=now))
    Sighting.objects.bulk_create(
        new,
        update_conflicts=True,
        unique_fields=["user", "kind", "digest"],
        update_fields=["last_at"],
    )
    notify_worker("verification.tasks.review_member", user.pk)


# --- Phones ---------------------------------------------------------------------------------------


def check_phone(typed: str) -> str:
    """Return a mainland mobile number as +86 and 11 digits, or "" for none.

    Raises Refused `phone_invalid`.
    """
    bare = _GAPS.sub("", typed.translate(_HALF_WIDTH))
    if not bare:
        return ""
    mobile = _MOBILE.fullmatch(bare)
    if mobile is None:
        raise Refused("phone_invalid", "phone")
    return f"+86{mobile[1]}"


def seal_phone(phone: str) -> str:
    """Return `phone` sealed for storage."""
    return seal_text(phone, PHONE_PURPOSE) if phone else ""


def phone_of(user: User) -> str:
    """Return the account's number for a reviewer's call, or "" if there is none."""
    return user.phone
