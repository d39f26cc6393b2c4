"""The console's navigation: every list under the task that it serves.

It shows only what the person may open. Django's admin has already found that out for the page
(`available_apps`), so the navigation only counts the appeals, which is cached.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from downloads.admin.appeals import waiting_lately
from employers.models import User
from employers.permissions import Power, powers_of, sees_quality
from verification.reviewing.member_reviews import open_lately

AREAS: Final[tuple[tuple[Promise, tuple[str, ...]], ...]] = (
    (
        _("Review"),
        (
            "verification.case",
            "verification.bulk",
            "verification.clientauthorisation",
            "verification.memberreview",
            "downloads.moveappeal",
            "quality",
            "quality_mine",
        ),
    ),
    (
        _("Employers"),
        (
            "employers.employer",
            "employers.member",
            "downloads.standing",
            "downloads.move",
            "verification.exclusion",
        ),
    ),
    (
        _("Released resumes"),
        (
            "downloads.gatedecision",
            "downloads.passuse",
            "downloads.copy",
            "downloads.relaybinding",
            "downloads.relaycall",
            "downloads.trace",
            "downloads.canary",
            "downloads.canaryring",
        ),
    ),
    (
        _("Candidates"),
        (
            "downloads.candidate",
            "downloads.release",
            "downloads.consent",
            "downloads.consentrequest",
            "downloads.eraseorder",
            "downloads.misusereport",
        ),
    ),
    (
        _("Platforms and messages"),
        (
            "employers.apiclient",
            "downloads.releasestop",
            "downloads.candidatedefault",
            "events.webhookendpoint",
            "events.webhookdelivery",
            "events.platformevent",
            "events.alertchannel",
            "events.alertmessage",
            "events.sms",
            "events.smsday",
        ),
    ),
    (
        _("Rules and lists"),
        (
            "downloads.ladderversion",
            "verification.registryrecord",
            "verification.hrlicencerecord",
            "verification.savedreply",
            "verification.shadowverdict",
        ),
    ),
    (
        _("Staff and records"),
        (
            "employers.user",
            "auth.group",
            "events.event",
            "verification.attempt",
            "verification.decision",
            "verification.document",
        ),
    ),
)
"""Each area, with its lists by model and its other pages by the name of their address."""
_NAMES: Final[Mapping[str, Promise]] = {
    "verification.case": _("Review queue"),
    "verification.bulk": _("Bulk decisions"),
    "verification.clientauthorisation": _("Client letters"),
    "downloads.moveappeal": _("Restriction appeals"),
    "quality": _("Quality"),
    "quality_mine": _("My figures"),
}
"""Pages whose name is not that of their rows."""


@dataclass(frozen=True)
class Link:
    words: str
    url: str
    is_current: bool
    many: int = 0
    """How many things wait there, as far as the navigation knows."""
    late: int = 0


@dataclass(frozen=True)
class Area:
    words: str
    links: tuple[Link, ...]

    @property
    def is_current(self) -> bool:
        return any(link.is_current for link in self.links)


def console_areas(apps: Iterable[Mapping[str, Any]], user: User, path: str) -> list[Area]:
    """Return the areas that `user` may open, for the page at `path`. `apps` is what Django's admin
    has found open to them.
    """
    pages = _pages(apps, user)
    current = max(
        (url for _words, url in pages.values() if path.startswith(url)), key=len, default=""
    )
    found = []
    for words, keys in AREAS:
        links = tuple(_link(key, *pages[key], current) for key in keys if key in pages)
        if links:
            found.append(Area(str(words), links))
    return found


def _pages(apps: Iterable[Mapping[str, Any]], user: User) -> dict[str, tuple[str, str]]:
    """Return the words and the address of each page that is open to the user."""
    pages = {
        each["model"]._meta.label_lower: (capfirst(each["name"]), each["admin_url"])
        for app in apps
        for each in app["models"]
        if each.get("admin_url")
    }
    if sees_quality(user.has_perm):
        pages["quality"] = ("", reverse("quality"))
    elif Power.DECIDE in powers_of(user.has_perm):
        pages["quality_mine"] = ("", reverse("quality_mine"))
    return {key: (str(_NAMES.get(key, words)), url) for key, (words, url) in pages.items()}


def _link(key: str, words: str, url: str, current: str) -> Link:
    many = late = 0
    if key == "downloads.moveappeal":
        waits = waiting_lately()
        many, late = waits.many, waits.late
    elif key == "verification.memberreview":
        many = open_lately()
    return Link(words, url, url == current, many, late)
