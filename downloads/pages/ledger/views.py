"""A candidate's own page, which needs no account: a link that only they have opens it.

The link is exchanged at once for a cookie that lasts half an hour, so it stays out of the address
bar, shared history and referrers. Browsers store none of these pages. Every change is a POST of the
page's own form.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from downloads.candidates import consents, misuse_reports, notices, operations, page_links, receipts
from downloads.models import Candidate, ConsentRequest, MisuseReport, RelayBinding, Release
from downloads.models.consent_purposes import in_words
from downloads.pages.ledger.content import ledger_of
from downloads.relays import bindings
from employers.accounts.views import remember_language
from events.core.actor import Actor, Role
from events.core.errors import Refused

COOKIE: Final = "zizhi_ledger"
P = ParamSpec("P")


def _of_candidate(
    view: Callable[Concatenate[HttpRequest, Candidate, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Pass the candidate of the link's cookie to the view; without one, show how to get a link."""

    @never_cache
    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        candidate = page_links.staying(
            request.get_signed_cookie(
                COOKIE, default="", salt=COOKIE, max_age=page_links.OPEN_FOR_SECONDS
            )
            or ""
        )
        if candidate is None:
            return _closed(request)
        try:
            response = view(request, candidate, *args, **kwargs)
        except Refused as refused:
            messages.error(request, _in_words(refused))
            response = redirect("ledger:home")
        if COOKIE not in response.cookies:
            _remember(response, candidate)
        return response

    return wrapped


def _remember(response: HttpResponse, candidate: Candidate) -> None:
    """Set the cookie for half an hour. The time is signed with it, so keeping it longer is no use.

    No link can be made from it.
    """
    response.set_signed_cookie(
        COOKIE,
        page_links.stay_of(candidate),
        salt=COOKIE,
        max_age=page_links.OPEN_FOR_SECONDS,
        path=reverse("ledger:home"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _closed(request: HttpRequest) -> HttpResponse:
    return render(request, "ledger/closed.html", status=403)


def _in_words(refused: Refused) -> str:
    reason = refused.reason
    if get_language() == "en":
        return f"{reason.says.en}. {reason.fix.en}."
    return f"{reason.says.zh}。{reason.fix.zh}。"


def _by(candidate: Candidate) -> Actor:
    return Actor(Role.CANDIDATE, str(candidate.pk))


@never_cache
@require_GET
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Exchange the link for the cookie.

    Nothing else changes, so a mail scanner that opens links does no harm.
    """
    candidate = page_links.opened(token)
    if candidate is None:
        response = _closed(request)
    else:
        response = redirect("ledger:home")
        _remember(response, candidate)
        if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            remember_language(response, candidate.language)
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_GET
@_of_candidate
def home(request: HttpRequest, candidate: Candidate) -> HttpResponse:
    now = timezone.now()
    context = {
        "ledger": ledger_of(candidate, now),
        "now": now,
        "abouts": MisuseReport.About.choices,
        "erase_days": settings.ERASE_DAYS,
    }
    return render(request, "ledger/home.html", context)


def _release(candidate: Candidate, release_id: UUID) -> Release:
    release = Release.objects.about(candidate).filter(pk=release_id).first()
    if release is None:
        raise Refused("release_unknown")
    return release


@require_GET
@_of_candidate
def receipt(request: HttpRequest, candidate: Candidate, release_id: UUID) -> HttpResponse:
    """Show the receipt, and whether its signature is valid."""
    release = _release(candidate, release_id)
    context = {"ledger": True, "release": release, "kinds": in_words(release.kinds)}
    return render(
        request,
        "ledger/receipt.html",
        context | {"genuine": receipts.is_genuine(notices.receipt_of(release))},
    )


@require_GET
@_of_candidate
def receipt_file(request: HttpRequest, candidate: Candidate, release_id: UUID) -> HttpResponse:
    release = _release(candidate, release_id)
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
def answer(request: HttpRequest, candidate: Candidate, request_id: UUID) -> HttpResponse:
    if not ConsentRequest.objects.filter(pk=request_id, candidate=candidate).exists():
        raise Refused("consent_request_unknown")
    agrees = request.POST.get("answer") == "yes"
    asked = consents.answer_consent_request(request_id, agrees, _by(candidate), timezone.now())
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
def revoke(request: HttpRequest, candidate: Candidate) -> HttpResponse:
    code, name = operations.company_named(candidate, request.POST.get("uscc", ""))
    consents.revoke(candidate.pk, code, _by(candidate), timezone.now())
    messages.success(
        request,
        gettext("Done. %(company)s gets nothing more from you.") % {"company": name or code},
    )
    return redirect("ledger:home")


@require_POST
@_of_candidate
def allow_again(request: HttpRequest, candidate: Candidate) -> HttpResponse:
    code, name = operations.company_named(candidate, request.POST.get("uscc", ""))
    consents.allow_again(candidate.pk, code, _by(candidate), timezone.now())
    messages.success(
        request, gettext("%(company)s is no longer blocked.") % {"company": name or code}
    )
    return redirect("ledger:home")


@require_POST
@_of_candidate
def block(request: HttpRequest, candidate: Candidate) -> HttpResponse:
    code, name = operations.company_named(candidate, request.POST.get("company", ""))
    operations.block_employer(candidate.pk, code, name, _by(candidate), timezone.now())
    messages.success(
        request,
        gettext("%(company)s is blocked. It gets nothing from you.") % {"company": name or code},
    )
    return redirect("ledger:home")


@require_POST
@_of_candidate
def mute(request: HttpRequest, candidate: Candidate, relay_id: UUID) -> HttpResponse:
    own = RelayBinding.objects.of(candidate.client_id).filter(
        pk=relay_id, candidate=candidate.reference
    )
    if not own.exists():
        raise Refused("relay_unknown")
    muted = request.POST.get("muted") == "yes"
    bindings.mute_binding(relay_id, muted, _by(candidate), timezone.now())
    messages.success(
        request,
        gettext("Their calls are paused.") if muted else gettext("Their calls are allowed again."),
    )
    return redirect("ledger:home")


@require_POST
@_of_candidate
def report(request: HttpRequest, candidate: Candidate) -> HttpResponse:
    try:
        release_id = UUID(request.POST.get("release", ""))
    except ValueError:
        raise Refused("release_unknown") from None
    about = request.POST.get("about", "")
    if about not in MisuseReport.About.values:
        about = MisuseReport.About.OTHER
    misuse_reports.report(
        candidate.pk,
        release_id,
        about,
        request.POST.get("said", ""),
        _by(candidate),
        timezone.now(),
    )
    messages.success(
        request, gettext("Thank you. We have recorded your report and will look into it.")
    )
    return redirect("ledger:home")


@require_POST
@_of_candidate
def new_link(request: HttpRequest, candidate: Candidate) -> HttpResponse:
    """Replace the candidate's link; the earlier ones end everywhere except in this browser."""
    now = timezone.now()
    fresh = page_links.rotate(candidate.pk, _by(candidate), now)
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
    _remember(response, fresh)
    return response


@require_POST
@_of_candidate
def leave(request: HttpRequest, candidate: Candidate) -> HttpResponse:
    response = render(request, "ledger/closed.html", {"left": True})
    response.delete_cookie(COOKIE, path=reverse("ledger:home"))
    return response
