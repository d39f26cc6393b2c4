"""The content of a candidate's own page: releases of their resume, requests for it, and their
choices.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from downloads.models import (
    BlockedEmployer,
    Candidate,
    Consent,
    ConsentRequest,
    EraseOrder,
    MisuseReport,
    Mode,
    RelayBinding,
    Release,
)
from downloads.models.consent_purposes import in_words
from employers.models import ApiClient, Member

SHOWN: Final = 200
"""Only the latest releases are shown, up to this many."""


@dataclass
class Company:
    """One company, by its code, and everything between it and the candidate."""

    uscc: str
    name: str
    releases: list[Release] = field(default_factory=list)
    consent: Consent | None = None
    relays: list[RelayBinding] = field(default_factory=list)
    orders: list[EraseOrder] = field(default_factory=list)
    reports: list[MisuseReport] = field(default_factory=list)
    blocked: BlockedEmployer | None = None

    @property
    def kinds(self) -> list[Any]:
        """Return the kinds of data that the company has ever received."""
        return in_words({kind for release in self.releases for kind in release.kinds})

    @property
    def jobs(self) -> str:
        """Return the jobs that the company has received it for."""
        titles = dict.fromkeys(release.job_title for release in self.releases)
        return " · ".join(filter(None, titles))


@dataclass(frozen=True)
class Asked:
    """A request, with its kinds of data in words, and the address of the company."""

    request: ConsentRequest
    kinds: list[Any]
    contact: str


@dataclass(frozen=True)
class Ledger:
    """The whole page."""

    candidate: Candidate
    platform: str
    settings_url: str
    """Where the candidate changes their settings at the platform; "" if we do not know."""
    asked: list[Asked]
    """Requests that wait for an answer."""
    refused: list[Asked]
    """Refused requests that can still be accepted."""
    took: list[Company]
    """Companies that received the resume, latest first."""
    agreed: list[Company]
    """Companies that may download the resume and have not yet."""
    blocked: list[BlockedEmployer]
    """All blocked companies, latest first."""

    @property
    def is_closed(self) -> bool:
        return self.candidate.mode == Mode.CLOSED

    @property
    def is_asked_first(self) -> bool:
        return self.candidate.mode == Mode.ASK_FIRST


def ledger_of(candidate: Candidate, now: datetime) -> Ledger:
    """Return the candidate's page at `now`.

    The number of queries does not depend on the number of companies.
    """
    companies: dict[str, Company] = {}
    for release in Release.objects.about(candidate)[:SHOWN]:
        companies.setdefault(release.uscc, Company(release.uscc, release.receiver)).releases.append(
            release
        )
    agreed: list[Company] = []
    for consent in candidate.consents.in_force(now).order_by("-given_at"):
        if consent.uscc not in companies:
            agreed.append(
                companies.setdefault(consent.uscc, Company(consent.uscc, consent.receiver))
            )
        companies[consent.uscc].consent = consent
    for binding in (
        RelayBinding.objects.open()
        .of(candidate.client_id)
        .filter(candidate=candidate.reference)
        .order_by("-requested_at")
    ):
        if binding.uscc in companies:
            companies[binding.uscc].relays.append(binding)
    for order in candidate.erase_orders.filter(withdrawn_at=None).order_by("-ordered_at"):
        if order.uscc in companies:
            companies[order.uscc].orders.append(order)
    for report in candidate.reports.select_related("release").order_by("-reported_at"):
        if report.release.uscc in companies:
            companies[report.release.uscc].reports.append(report)
    blocked = list(candidate.blocked.order_by("-at"))
    for block in blocked:
        if block.uscc in companies:
            companies[block.uscc].blocked = block
    requests = candidate.requests.filter(expires_at__gt=now)
    open_now = [
        _asked(each)
        for each in requests.select_related("employer", "member__user").order_by("-asked_at")
    ]
    platform = ApiClient.objects.get(pk=candidate.client_id)
    return Ledger(
        candidate=candidate,
        platform=platform.name,
        settings_url=platform.candidate_settings_url,
        asked=[each for each in open_now if each.contact and each.request.agreed is None],
        refused=[each for each in open_now if each.contact and each.request.agreed is False],
        took=[company for company in companies.values() if company.releases],
        agreed=agreed,
        blocked=blocked,
    )


def _asked(request: ConsentRequest) -> Asked:
    contact = Member.objects.contact_of(request.member)
    return Asked(request, in_words(request.kinds), contact)
