"""A candidate's own page, which needs no account: a link that only they have opens it.

The link is exchanged at once for a cookie that lasts half an hour, so it stays out of the address
bar, shared history and referrers. Browsers store none of these pages. Every change is a POST of the
page's own form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import wraps
from typing import Concatenate, Final, ParamSpec
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from downloads.candidates import consents, misuse_reports, notices, operations, page_links, receipts
from downloads.candidates.page_links import Visit
from downloads.models import Candidate, ConsentRequest, MisuseReport, RelayBinding, Release
from downloads.models.consent_purposes import in_words
from downloads.pages.ledger.content import ledger_of
from downloads.relays import bindings
from employers.accounts.forms import network_of
from employers.accounts.views import clear_browser, remember_language
from employers.security import throttle
from events.core.actor import Actor, Role
from events.core.errors import Refused

COOKIE: Final = f"{settings.COOKIE_PREFIX}zizhi_ledger"
SALT: Final = "zizhi_ledger"
P = ParamSpec("P")


def _of_candidate(
    view: Callable[Concatenate[HttpRequest, Visit, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Pass the visit of the link's cookie to the view; without one, show how to get a link."""

    @never_cache
    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        cookie = request.get_signed_cookie(
            COOKIE, default="", salt=SALT, max_age=page_links.OPEN_FOR_SECONDS
        )
        visit = page_links.staying(cookie or "", timezone.now())
        if visit is None:
            return _closed(request)
        try:
            response = view(request, visit, *args, **kwargs)
        except Refused as refused:
            messages.error(request, _in_words(refused))
            response = redirect("ledger:home")
        if COOKIE not in response.cookies:
            _remember(response, visit)
        return response

    return wrapped


def _remember(response: HttpResponse, visit: Visit) -> None:
    """Set the cookie for half an hour. The time is signed with it, so keeping it longer is no use.

    No link can be made from it.
    """
    response.set_signed_cookie(
        COOKIE,
        page_links.stay_of(visit),
        salt=SALT,
        max_age=page_links.OPEN_FOR_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _closed(request: HttpRequest, token: str = "", status: int = 403) -> HttpResponse:
    """Show how to get a link; with the token of an ended one, by mail too."""
    return render(request, "ledger/closed.html", {"token": token}, status=status)


def _in_words(refused: Refused) -> str:
    reason = refused.reason
    if get_language() == "en":
        return f"{reason.says.en}. {reason.fix.en}."
    return f"{reason.says.zh}。{reason.fix.zh}。"


def _by(candidate: Candidate) -> Actor:
    return Actor(Role.CANDIDATE, str(candidate.pk))


def _require_fresh(visit: Visit, now: datetime) -> None:
    """Require a fresh link, and mail one to the candidate if this one is too old."""
    try:
        page_links.require_fresh(visit, now)
    except Refused:
        notices.mail_fresh_link(visit.candidate, now)
        raise


@never_cache
@require_GET
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Exchange the link for the cookie.

    Nothing else changes, so a mail scanner that opens links does no harm.
    """
    visit = page_links.opened(token, timezone.now())
    if visit is None:
        return _closed(request, token)
    response = redirect("ledger:home")
    _remember(response, visit)
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        remember_language(response, visit.candidate.language)
    response["Referrer-Policy"] = "no-referrer"
    return response


@never_cache
@require_POST
def fresh_link(request: HttpRequest) -> HttpResponse:
    """Mail a new link to the candidate of an ended one.

    The answer is the same for every token, so it does not reveal which candidates exist.
    """
    now, token = timezone.now(), request.POST.get("token", "")
    try:
        throttle.count_try([(throttle.LINKS_FROM_NETWORK, network_of(request))], now)
    except Refused as refused:
        messages.error(request, _in_words(refused))
        return _closed(request, token, status=429)
    candidate = page_links.candidate_of(token)
    if candidate is not None:
        notices.mail_fresh_link(candidate, now)
    return render(request, "ledger/closed.html", {"sent": True})


@require_GET
@_of_candidate
def home(request: HttpRequest, visit: Visit) -> HttpResponse:
    now = timezone.now()
    context = {
        "ledger": ledger_of(visit.candidate, now),
        "now": now,
        "abouts": MisuseReport.About.choices,
        "erase_days": settings.ERASE_DAYS,
        "fresh_until": visit.link_made_at + page_links.FRESH_FOR,
    }
    return render(request, "ledger/home.html", context)


def _release(candidate: Candidate, release_id: UUID) -> Release:
    release = Release.objects.about(candidate).filter(pk=release_id).first()
    if release is None:
        raise Refused("release_unknown")
    return release


@require_GET
@_of_candidate
def receipt(request: HttpRequest, visit: Visit, release_id: UUID) -> HttpResponse:
    """Show the receipt, and whether its signature is valid."""
    release = _release(visit.candidate, release_id)
    context = {"ledger": True, "release": release, "kinds": in_words(release.kinds)}
    return render(
        request,
        "ledger/receipt.html",
        context | {"genuine": receipts.is_genuine(notices.receipt_of(release))},
    )


@require_GET
@_of_candidate
def receipt_file(request: HttpRequest, visit: Visit, release_id: UUID) -> HttpResponse:
    release = _release(visit.candidate, release_id)
    response = HttpResponse(
        notices.receipt_of(release).as_file(), content_type="application/json; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="zizhi-receipt-{release.pk}.json"'
    return response


@require_GET
def keys(request: HttpRequest) -> HttpResponse:
    """Return the public keys of receipts, for everybody (RFC 7517)."""
    found = {"keys": [receipts.as_jwk(key) for key in receipts.public_keys()]}
    return JsonResponse(
        found, headers={"Cache-Control": "public, max-age=3600", "Access-Control-Allow-Origin": "*"}
    )


@require_GET
def key(request: HttpRequest, key_id: str) -> HttpResponse:
    """Return one public key as PEM, for `openssl`."""
    for each in receipts.public_keys():
        if receipts.key_id_of(each) == key_id:
            return HttpResponse(receipts.as_pem(each), content_type="application/x-pem-file")
    raise Http404


@require_POST
@_of_candidate
def answer(request: HttpRequest, visit: Visit, request_id: UUID) -> HttpResponse:
    if not ConsentRequest.objects.filter(pk=request_id, candidate=visit.candidate).exists():
        raise Refused("consent_request_unknown")
    now, agrees = timezone.now(), request.POST.get("answer") == "yes"
    if agrees:
        _require_fresh(visit, now)
    asked = consents.answer_consent_request(request_id, agrees, _by(visit.candidate), now)
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
@_of_candidate
def revoke(request: HttpRequest, visit: Visit) -> HttpResponse:
    code, name = operations.company_named(visit.candidate, request.POST.get("uscc", ""))
    consents.revoke(visit.candidate.pk, code, _by(visit.candidate), timezone.now())
    messages.success(
        request,
        gettext("Done. %(company)s gets nothing more from you.") % {"company": name or code},
    )
    return redirect("ledger:home")


@require_POST
@_of_candidate
def allow_again(request: HttpRequest, visit: Visit) -> HttpResponse:
    code, name = operations.company_named(visit.candidate, request.POST.get("uscc", ""))
    now = timezone.now()
    _require_fresh(visit, now)
    consents.allow_again(visit.candidate.pk, code, _by(visit.candidate), now)
    messages.success(
        request, gettext("%(company)s is no longer blocked.") % {"company": name or code}
    )
    return redirect("ledger:home")


@require_POST
@_of_candidate
def block(request: HttpRequest, visit: Visit) -> HttpResponse:
    code, name = operations.company_named(visit.candidate, request.POST.get("company", ""))
    operations.block_employer(visit.candidate.pk, code, name, _by(visit.candidate), timezone.now())
    messages.success(
        request,
        gettext("%(company)s is blocked. It gets nothing from you.") % {"company": name or code},
    )
    return redirect("ledger:home")


@require_POST
@_of_candidate
def mute(request: HttpRequest, visit: Visit, relay_id: UUID) -> HttpResponse:
    own = RelayBinding.objects.of(visit.candidate.client_id).filter(
        pk=relay_id, candidate=visit.candidate.reference
    )
    if not own.exists():
        raise Refused("relay_unknown")
    now, muted = timezone.now(), request.POST.get("muted") == "yes"
    if not muted:
        _require_fresh(visit, now)
    bindings.mute_binding(relay_id, muted, _by(visit.candidate), now)
    messages.success(
        request,
        gettext("Their calls are paused.") if muted else gettext("Their calls are allowed again."),
    )
    return redirect("ledger:home")


@require_POST
@_of_candidate
def report(request: HttpRequest, visit: Visit) -> HttpResponse:
    try:
        release_id = UUID(request.POST.get("release", ""))
    except ValueError:
        raise Refused("release_unknown") from None
    about = request.POST.get("about", "")
    if about not in MisuseReport.About.values:
        about = MisuseReport.About.OTHER
    misuse_reports.report(
        visit.candidate.pk,
        release_id,
        about,
        request.POST.get("said", ""),
        _by(visit.candidate),
        timezone.now(),
    )
    messages.success(
        request, gettext("Thank you. We have recorded your report and will look into it.")
    )
    return redirect("ledger:home")


@require_POST
@_of_candidate
def new_link(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Replace the candidate's link; the earlier ones end everywhere except in this browser."""
    now = timezone.now()
    try:
        throttle.count_try([(throttle.LINKS_TO_CANDIDATE, str(visit.candidate.pk))], now)
    except Refused as refused:
        messages.error(request, _in_words(refused))
        return redirect("ledger:home")
    fresh = page_links.rotate(visit.candidate.pk, _by(visit.candidate), now)
    if notices.mail_candidate(fresh, "candidate_link", {}, now):
        messages.success(
            request, gettext("Your earlier links no longer work. We have sent you a new one.")
        )
    else:
        messages.success(
            request,
            gettext("Your earlier links no longer work. Get a new one from your recruitment site."),
        )
    response = redirect("ledger:home")
    _remember(response, replace(visit, candidate=fresh))  # as old as the link that opened the page
    return response


@require_POST
@_of_candidate
def leave(request: HttpRequest, visit: Visit) -> HttpResponse:
    response = render(request, "ledger/closed.html", {"left": True})
    response.delete_cookie(COOKIE)
    clear_browser(response)
    return response
