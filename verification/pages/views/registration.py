"""The pages on which a new account registers its company: it photographs the licence and confirms
what was read, or types it.
"""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from documents.uscc import is_valid, normalise_uscc
from employers.accounts import registration
from employers.accounts.forms import code_state, network_of, refusal_html
from employers.accounts.views import newcomer_required, page_after, posted_or
from employers.models import User
from employers.security import throttle
from events.core.errors import ProviderError, Refused
from events.models import record
from verification.intake import licence_photos, upload_limits
from verification.intake.account_class_guess import guess_account_class
from verification.intake.examination import examine_upload, judge_photos
from verification.intake.upload_handler import refused_files
from verification.models import DocumentKind, LicencePhoto
from verification.pages.forms import CompanyForm, TypedCodeForm
from verification.pages.views.documents import picture_response, stored_page
from verification.pages.views.uploads import newcomer_takes_files
from verification.providers.registries.choice import chosen_registries

NAMES_OF_ACCOUNT: Final = throttle.Limit("register-name-account", 10, 24 * 3600)
NAMES_FROM_NETWORK: Final = throttle.Limit("register-name-network", 30, 24 * 3600)
"""Codes whose registered names are looked up: those of one's own company, and a few mistyped."""
BODIES: Final[dict[str, Promise]] = {
    "11": _("Public authority"),
    "12": _("Public institution"),
    "13": _("Body of public administration"),
    "51": _("Social organisation"),
    "52": _("Private non-enterprise unit"),
    "53": _("Foundation"),
    "91": _("Enterprise"),
    "92": _("Sole trader"),
    "93": _("Farmers' cooperative"),
}
"""The kind of body, by the first two characters of its code."""


@newcomer_required
def company(request: HttpRequest, user: User) -> HttpResponseBase:
    """Ask for the photo; once it is read, show what was read. Confirming it registers the company.

    While the photo is being read, the page polls itself.
    """
    photo = licence_photos.photo_of(user)
    if request.method == "POST":
        return _register(request, user, photo)
    if "HX-Request" in request.headers:
        pending = photo is not None and photo.finished_at is None
        return HttpResponse(status=204, headers={} if pending else {"HX-Refresh": "true"})
    if photo is None or photo.refused:
        return _render(request, "photograph", {"photo": photo})
    if photo.finished_at is None:
        return _render(request, "reading", {"photo": photo})
    return _confirm(request, photo, CompanyForm(initial=_initial(photo)))


def _initial(photo: LicencePhoto) -> dict[str, str]:
    read = licence_photos.read_fields(photo)
    code, name = normalise_uscc(read.get("uscc", "")), read.get("name", "")
    return {
        "company": name,
        "uscc": code,
        "legal_representative": read.get("legal_representative", ""),
        "account_class": guess_account_class(code, name),
    }


def _confirm(request: HttpRequest, photo: LicencePhoto | None, form: CompanyForm) -> HttpResponse:
    """Show the values to confirm. Those that are missing or refused are open to be typed."""
    read = licence_photos.read_fields(photo)
    code = normalise_uscc(str(form["uscc"].value() or ""))
    lines = [
        {
            "field": field,
            "value": field.value() or "",
            "open": bool(field.errors) or not field.value(),
        }
        for field in (form["company"], form["uscc"], form["legal_representative"])
    ]
    context: dict[str, Any] = {
        "photo": photo,
        "form": form,
        "lines": lines,
        "address": read.get("address", ""),
        "body": BODIES.get(code[:2], "") if is_valid(code) else "",
        "unread": photo is not None and not (read.get("uscc") and read.get("name")),
        "code_state": code_state(code),
    }
    return _render(request, "confirm", context, 422 if form.errors else 200)


def _register(request: HttpRequest, user: User, photo: LicencePhoto | None) -> HttpResponseBase:
    form = CompanyForm(request.POST)
    if form.is_valid():
        try:
            member = licence_photos.register_company(
                user, timezone.now(), **form.cleaned_data, photo_id=request.POST.get("photo", "")
            )
        except Refused as refused:
            if refused.code == "photo_changed":
                messages.error(request, refusal_html(refused))
                return redirect("company_registration:company")
            form.refuse(refused)
        else:
            return redirect(page_after(request, member.user))
    return _confirm(request, photo if photo and not photo.refused else None, form)


def _render(
    request: HttpRequest, page: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    limits = {
        "upload_max_bytes": settings.UPLOAD_MAX_BYTES,
        "upload_max_mb": settings.UPLOAD_MAX_BYTES // 1024**2,
    }
    template = f"verification/registration/{page}.html"
    return render(request, template, limits | context, status=status)


# --- The photo ------------------------------------------------------------------------------------


@posted_or("company_registration:company")
@newcomer_takes_files
def photograph(request: HttpRequest, user: User) -> HttpResponse:
    """Take the photo in. It is read by a worker, so this answers within a second or two.

    The script gets no redirect: it goes on itself, so that messages are shown once.
    """
    try:
        _take_in(request, user)
    except Refused as refused:
        messages.error(request, refusal_html(refused))
    if request.headers.get("X-Requested-With") == "XMLHttpRequest":
        return HttpResponse(status=204)
    return redirect("company_registration:company")


def _take_in(request: HttpRequest, user: User) -> None:
    files = [file for name in ("photo", "files") for file in request.FILES.getlist(name)]
    limit = f"≤ {settings.UPLOAD_MAX_BYTES // 1024**2} MB"
    for _name, refused in refused_files(request, "document_too_large", limit):
        raise refused
    if not files:
        raise Refused("document_not_chosen")
    now = timezone.now()
    upload_limits.count_photo(user, network_of(request), now)
    taken_in, scan = examine_upload(files[0].read())
    quality = judge_photos(taken_in, DocumentKind.BUSINESS_LICENCE)
    licence_photos.keep_photo(user, taken_in, scan, quality, now)


@require_safe
@newcomer_required
def picture(request: HttpRequest, user: User) -> HttpResponse:
    """Return the first page of the account's own photo."""
    photo = licence_photos.photo_of(user)
    page = photo.pages.first() if photo else None
    if page is None:
        raise Http404
    return picture_response(stored_page(page))


@posted_or("company_registration:company")
@newcomer_required
def again(request: HttpRequest, user: User) -> HttpResponse:
    """Erase the photo, to take another one."""
    licence_photos.drop_photo(user, timezone.now())
    return redirect("company_registration:company")


# --- Typing instead -------------------------------------------------------------------------------


@newcomer_required
def type_code(request: HttpRequest, user: User) -> HttpResponseBase:
    """Ask for the code alone. The register names the company that has it."""
    form = TypedCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        code = normalise_uscc(form.cleaned_data["uscc"])
        try:
            registration.check_code(code, contest=True)
            name = _registered_name(request, user, code)
        except Refused as refused:
            form.refuse(refused)
        else:
            values = {
                "company": name,
                "uscc": code,
                "account_class": guess_account_class(code, name),
            }
            photo = licence_photos.photo_of(user)
            usable = photo if photo and not photo.refused else None
            return _confirm(request, usable, CompanyForm(initial=values))
    state = code_state(form["uscc"].value() or "")
    context = {"form": form, "code_state": state}
    return _render(request, "type", context, 422 if form.errors else 200)


def _registered_name(request: HttpRequest, user: User, code: str) -> str:
    """Return the name that the register shows for the code, or "". Anyone can look it up there, but
    nobody can have it listed here: look-ups are few, and recorded. After them, people type the
    name.
    """
    record_registry, _agreement = chosen_registries(settings.REGISTRY)
    if record_registry is None:
        return ""
    now = timezone.now()
    network = network_of(request)
    try:
        throttle.count_try([(NAMES_FROM_NETWORK, network), (NAMES_OF_ACCOUNT, str(user.pk))], now)
    except Refused:
        return ""
    record("look_up_company", user, licence_photos.actor_of(user), now, data={"uscc": code})
    try:
        found = record_registry.lookup(code)
    except ProviderError:  # they type the name
        return ""
    return found.name if found else ""
