"""A candidate's own page: who has their resume, and what they can do about it.

Every change is a POST of the page's own form. `downloads.pages.ledger.access` opens the page, and
`downloads.pages.ledger.files` has what it offers to save.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from downloads.candidates import consents, misuse_reports, notices, operations, page_links, receipts
from downloads.candidates.page_links import Visit
from downloads.models import Candidate, ConsentRequest, MisuseReport, RelayBinding, Release
from downloads.models.consent_purposes import in_words as kinds_in_words
from downloads.pages.ledger.access import (
    COOKIE,
    closed_page,
    in_words,
    ledger_page,
    of_candidate,
    remember_visit,
)
from downloads.pages.ledger.content import ledger_of
from downloads.relays import bindings
from employers.accounts.views import clear_browser
from employers.security import throttle
from events.core.actor import Actor, Role
from events.core.errors import Refused


def candidate_actor(candidate: Candidate) -> Actor:
    return Actor(Role.CANDIDATE, str(candidate.pk))


def _require_fresh(visit: Visit, now: datetime) -> None:
    """Require a fresh link, and send one to the candidate if this one is too old."""
    try:
        page_links.require_fresh(visit, now)
    except Refused:
        notices.send_fresh_link(visit.candidate, now)
        raise


@require_GET
@of_candidate
def home(request: HttpRequest, visit: Visit) -> HttpResponse:
    now = timezone.now()
    context = {
        "ledger": ledger_of(visit.candidate, now),
        "now": now,
        "abouts": MisuseReport.About.choices,
        "erase_days": settings.ERASE_DAYS,
        "fresh_until": visit.link_made_at + page_links.FRESH_FOR,
    }
    response: HttpResponse = ledger_page(request, "ledger/home.html", context)
    return response


def release_of(candidate: Candidate, release_id: UUID) -> Release:
    release = Release.objects.about(candidate).filter(pk=release_id).first()
    if release is None:
        raise Refused("release_unknown")
    return release


@require_GET
@of_candidate
def receipt(request: HttpRequest, visit: Visit, release_id: UUID) -> HttpResponse:
    """Show the receipt, and whether its signature is valid."""
    release = release_of(visit.candidate, release_id)
    context = {
        "ledger": True,
        "release": release,
        "kinds": kinds_in_words(release.kinds),
        "genuine": receipts.is_genuine(notices.receipt_of(release)),
    }
    response: HttpResponse = ledger_page(request, "ledger/receipt.html", context)
    return response


@require_POST
@of_candidate
def answer(request: HttpRequest, visit: Visit, request_id: UUID) -> HttpResponse:
    if not ConsentRequest.objects.filter(pk=request_id, candidate=visit.candidate).exists():
        raise Refused("consent_request_unknown")
    now, agrees = timezone.now(), request.POST.get("answer") == "yes"
    if agrees:
        _require_fresh(visit, now)
    asked = consents.answer_consent_request(
        request_id, agrees, candidate_actor(visit.candidate), now
    )
    company = {"company": asked.employer.name}
    if agrees:
        messages.success(
            request,
            gettext(
                "%(company)s can now download your resume. You can withdraw your consent at any"
                " time."
            )
            % company,
        )
    else:
        messages.success(
            request,
            gettext("%(company)s gets nothing from you, and can't ask again for a while.")
            % company,
        )
    return redirect("ledger:home")


@require_POST
@of_candidate
def revoke(request: HttpRequest, visit: Visit) -> HttpResponse:
    code, name = operations.company_named(visit.candidate, request.POST.get("uscc", ""))
    consents.revoke_consent(
        visit.candidate.pk, code, candidate_actor(visit.candidate), timezone.now()
    )
    messages.success(
        request,
        gettext("Done. %(company)s gets nothing more from you.") % {"company": name or code},
    )
    return redirect("ledger:home")


@require_POST
@of_candidate
def allow_again(request: HttpRequest, visit: Visit) -> HttpResponse:
    code, name = operations.company_named(visit.candidate, request.POST.get("uscc", ""))
    now = timezone.now()
    _require_fresh(visit, now)
    consents.allow_again(visit.candidate.pk, code, candidate_actor(visit.candidate), now)
    messages.success(
        request, gettext("%(company)s is no longer blocked.") % {"company": name or code}
    )
    return redirect("ledger:home")


@require_POST
@of_candidate
def block(request: HttpRequest, visit: Visit) -> HttpResponse:
    code, name = operations.company_named(visit.candidate, request.POST.get("company", ""))
    operations.block_employer(
        visit.candidate.pk, code, name, candidate_actor(visit.candidate), timezone.now()
    )
    messages.success(
        request,
        gettext("%(company)s is blocked. It gets nothing from you.") % {"company": name or code},
    )
    return redirect("ledger:home")


@require_POST
@of_candidate
def mute(request: HttpRequest, visit: Visit, relay_id: UUID) -> HttpResponse:
    own = RelayBinding.objects.of(visit.candidate.client_id).filter(
        pk=relay_id, candidate=visit.candidate.reference
    )
    if not own.exists():
        raise Refused("relay_unknown")
    now, muted = timezone.now(), request.POST.get("muted") == "yes"
    if not muted:
        _require_fresh(visit, now)
    bindings.mute_binding(relay_id, muted, candidate_actor(visit.candidate), now)
    messages.success(
        request,
        gettext("Their calls are paused.") if muted else gettext("Their calls are allowed again."),
    )
    return redirect("ledger:home")


@require_POST
@of_candidate
def report(request: HttpRequest, visit: Visit) -> HttpResponse:
    try:
        release_id = UUID(request.POST.get("release", ""))
    except ValueError:
        raise Refused("release_unknown") from None
    about = request.POST.get("about", "")
    if about not in MisuseReport.About.values:
        about = MisuseReport.About.OTHER
    misuse_reports.report_misuse(
        visit.candidate.pk,
        release_id,
        about,
        request.POST.get("said", ""),
        candidate_actor(visit.candidate),
        timezone.now(),
    )
    messages.success(
        request, gettext("Thank you. We have recorded your report and will look into it.")
    )
    return redirect("ledger:home")


@require_POST
@of_candidate
def new_link(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Replace the candidate's link; the earlier ones end everywhere except in this browser."""
    now = timezone.now()
    try:
        throttle.count_try([(throttle.LINKS_TO_CANDIDATE, str(visit.candidate.pk))], now)
    except Refused as refused:
        messages.error(request, in_words(refused))
        return redirect("ledger:home")
    fresh = page_links.rotate_link(visit.candidate.pk, candidate_actor(visit.candidate), now)
    if notices.send_link(fresh, "candidate_link", now):
        messages.success(
            request, gettext("Your earlier links no longer work. We have sent you a new one.")
        )
    else:
        messages.success(
            request,
            gettext("Your earlier links no longer work. Get a new one from your recruitment site."),
        )
    response = redirect("ledger:home")
    remember_visit(
        response, replace(visit, candidate=fresh)
    )  # as old as the link that opened the page
    return response


@require_POST
@of_candidate
def leave(request: HttpRequest, visit: Visit) -> HttpResponse:
    response = closed_page(request, status=200, left=True)
    response.delete_cookie(COOKIE)
    clear_browser(response)
    return response
