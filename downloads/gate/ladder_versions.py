"""The version of the ladder that is in force, and its replacement by two people.

The gate's statement is built from one version, and writes nothing if another one is in force by
then. So a process may cache the version and still never uses an outdated one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from downloads.gate import proposals
from downloads.models import LadderVersion
from downloads.rules.ladder import (
    FIRST,
    WITHOUT_SHARES,
    Ladder,
    Obligation,
    Rights,
    Thresholds,
    Tier,
)
from employers.models import User
from employers.permissions import Power
from events.core.errors import Refused
from events.models import record

_BUILT_IN: Final = {ladder.version: ladder for ladder in (FIRST, WITHOUT_SHARES)}
_known: dict[str, Ladder] = {FIRST.version: FIRST}
_last: dict[str, Ladder] = {"": FIRST}
TRIES: Final = 3


def until_in_force() -> Iterator[Ladder]:
    """Yield the ladder last seen in force, then any newer ones from the database.

    The caller asks for the next one if its ladder is no longer in force. Ends if there is no newer
    one, or after TRIES.
    """
    tried: list[str] = []
    ladder = _last[""]
    while ladder.version not in tried and len(tried) < TRIES:
        yield ladder
        tried.append(ladder.version)
        ladder = in_force()


def in_force() -> Ladder:
    """Return the ladder in force, from the database."""
    row = LadderVersion.objects.exclude(active_from=None).order_by("-active_from").first()
    if row is None:
        _last[""] = FIRST
    else:
        if row.version not in _known or as_data(_known[row.version]) != _BEFORE_SHARES | row.data:
            _known[row.version] = from_data(row.version, row.data)
        _last[""] = _known[row.version]
    return _last[""]


def by_version(version: str) -> Ladder | None:
    """Return the ladder that a recorded decision is based on, in force or not."""
    if version in _BUILT_IN:
        return _BUILT_IN[version]
    row = LadderVersion.objects.filter(version=version).first()
    return from_data(row.version, row.data) if row else None


_BEFORE_SHARES: Final = {"platform_percent": FIRST.platform_percent}
"""What applies to versions that are older than the share of a platform."""


# --- JSON -----------------------------------------------------------------------------------------


def as_data(ladder: Ladder) -> dict[str, Any]:
    """Return the ladder as JSON data."""
    return {
        "tiers": {
            str(tier): asdict(rights) | {"obligations": [str(one) for one in rights.obligations]}
            for tier, rights in ladder.rights.items()
        },
        "provisional_days": ladder.provisional_for.days,
        "thresholds": asdict(ladder.thresholds),
        "platform_percent": ladder.platform_percent,
    }


def from_data(version: str, data: Any) -> Ladder:
    """Return the ladder described by JSON data.

    Raises Refused `ladder_invalid` with the place of the error.
    """
    expected = ("tiers", "provisional_days", "thresholds", "platform_percent")
    if not isinstance(data, Mapping) or set(data) | set(_BEFORE_SHARES) != set(expected):
        raise Refused("ladder_invalid", "data", expected=", ".join(expected))
    data = {**_BEFORE_SHARES, **data}
    tiers = data["tiers"]
    if not isinstance(tiers, Mapping) or set(tiers) != {str(tier) for tier in Tier}:
        raise Refused("ladder_invalid", "tiers", expected=", ".join(Tier))
    rights = {tier: _rights(tier, tiers[tier]) for tier in Tier}
    if (
        rights[Tier.HELD].download
        or rights[Tier.REVOKED].download
        or rights[Tier.SUSPENDED].download
        or rights[Tier.RESTRICTED].download
    ):
        raise Refused("ladder_invalid", "tiers", expected="download: false")
    days = _whole("provisional_days", data["provisional_days"])
    percent = _whole("platform_percent", data["platform_percent"])
    if not 1 <= percent <= 100:
        raise Refused("ladder_invalid", "platform_percent", seen=str(percent), expected="1–100")
    return Ladder(version, rights, timedelta(days=days), _thresholds(data["thresholds"]), percent)


def replaced_ladder(row: LadderVersion) -> Ladder:
    """Return the ladder that this version replaces: the one in force when it was settled,
    or now.
    """
    earlier = (
        LadderVersion.objects.exclude(pk=row.pk).exclude(active_from=None).order_by("-active_from")
    )
    if row.settled_at is not None:
        earlier = earlier.filter(active_from__lt=row.settled_at)
    found = earlier.first()
    return from_data(found.version, found.data) if found else FIRST


def ladder_differences(earlier: Any, later: Any, at: str = "") -> list[str]:
    """Return the differences between two ladders as data, one a line: `tiers.provisional.per_day:
    20 → 10`.
    """
    if isinstance(earlier, Mapping) and isinstance(later, Mapping):
        names = [*earlier, *(name for name in later if name not in earlier)]
        return [
            line
            for name in names
            for line in ladder_differences(
                earlier.get(name), later.get(name), f"{at}.{name}" if at else name
            )
        ]
    return [] if earlier == later else [f"{at}: {_told(earlier)} → {_told(later)}"]


def _told(value: Any) -> str:
    return ", ".join(value) or "—" if isinstance(value, list) else json.dumps(value)


def _rights(tier: str, told: Any) -> Rights:
    numbers = ("per_day", "per_hour", "per_candidate")
    if (
        not isinstance(told, Mapping)
        or set(told) != {"download", *numbers, "obligations"}
        or not isinstance(told["download"], bool)
    ):
        raise Refused(
            "ladder_invalid", tier, expected=", ".join(("download", *numbers, "obligations"))
        )
    try:
        obligations = tuple(Obligation(one) for one in told["obligations"])
    except (TypeError, ValueError):
        raise Refused(
            "ladder_invalid", f"{tier}.obligations", expected=", ".join(Obligation)
        ) from None
    per_day, per_hour, per_candidate = (_whole(f"{tier}.{name}", told[name]) for name in numbers)
    return Rights(told["download"], per_day, per_hour, per_candidate, obligations)


def _thresholds(told: Any) -> Thresholds:
    usual = asdict(Thresholds())
    if not isinstance(told, Mapping) or set(told) != set(usual):
        raise Refused("ladder_invalid", "thresholds", expected=", ".join(usual))
    shares = {name for name, value in usual.items() if isinstance(value, float)}
    read: dict[str, Any] = {
        name: _share(name, told[name]) if name in shares else _whole(name, told[name])
        for name in usual
    }
    return Thresholds(**read)


def _whole(where: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 100_000:
        raise Refused("ladder_invalid", where, seen=str(value)[:40], expected="0–100000")
    return value


def _share(where: str, value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
        raise Refused("ladder_invalid", where, seen=str(value)[:40], expected="0–1")
    return float(value)


# --- Proposals ------------------------------------------------------------------------------------


def propose_ladder(data: Any, why: str, user: User, now: datetime) -> LadderVersion:
    """Propose a ladder, which has no effect yet.

    Raises Refused: `not_allowed`, `ladder_invalid`.
    """
    if not user.as_reviewer().can(Power.QUALITY):
        raise Refused("not_allowed")
    with transaction.atomic():
        month = f"{now:%Y-%m}."
        number = (
            2 + LadderVersion.objects.select_for_update().filter(version__startswith=month).count()
        )
        ladder = from_data(f"{month}{number}", data)
        row = LadderVersion.objects.create(
            version=ladder.version, data=as_data(ladder), why=why, proposed_by=user, proposed_at=now
        )
        record("propose_ladder", row, user.as_reviewer(), now, policy_version=row.version)
    return row


def settle_ladder_version(pk: int, user: User, now: datetime, *, activate: bool) -> None:
    """Bring a proposed ladder into force, or drop it. Raises Refused like `settle_proposal`."""
    with transaction.atomic():
        row = proposals.settle_proposal(
            LadderVersion, pk, user, Power.QUALITY, now, confirmed=activate
        )
        row.active_from = now if activate else None
        row.save()
        record(
            "activate_ladder" if activate else "drop_ladder",
            row,
            user.as_reviewer(),
            now,
            policy_version=row.version,
        )
