"""The pages on which a member uploads, views, confirms and removes documents."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe
from PIL import Image

from employers.accounts.views import member_required, posted_or
from employers.clock import now_of
from employers.models import Member
from employers.security import throttle
from events.core.actor import Actor
from events.core.errors import Refused
from verification.cases import documents, failed_uploads, guards
from verification.checks.reading import settled_by_register
from verification.intake import (
    document_reuse,
    early_reading,
    held_uploads,
    upload_handler,
    upload_limits,
)
from verification.intake.examination import examine_upload, judge_photos
from verification.models import (
    Case,
    Document,
    DocumentPage,
    DocumentReading,
    HeldUpload,
    LicencePhotoPage,
)
from verification.pages.case_editor import editor_context, reading_of, remarks_on
from verification.pages.case_page import case_page_context
from verification.pages.forms import UploadForm
from verification.pages.requirement_rows import item_of_kind
from verification.pages.views.case import case_or_404, refused_at_home
from verification.pages.views.uploads import takes_files
from verification.rules import states

THUMBNAIL_PIXELS = 480
CROP_PIXELS = 900


# --- Viewing --------------------------------------------------------------------------------------


@require_safe
@member_required
def page_image(
    request: HttpRequest, member: Member, document_id: UUID, number: int
) -> HttpResponse:
    """Return a page of a document of the member's own employer; `?size=small` for a thumbnail."""
    page = DocumentPage.objects.filter(
        document_id=document_id, number=number, document__case__employer=member.employer
    ).first()
    if page is None:
        raise Http404
    jpeg = stored_page(page)
    if request.GET.get("size") == "small":
        jpeg = _thumbnail(jpeg)
    return picture_response(jpeg)


def stored_page(page: DocumentPage | LicencePhotoPage) -> bytes:
    try:
        with page.image.open() as stored:
            jpeg: bytes = stored.read()
    except FileNotFoundError as error:
        raise Http404 from error
    return jpeg


def picture_response(jpeg: bytes) -> HttpResponse:
    return HttpResponse(
        jpeg,
        content_type="image/jpeg",
        headers={"Content-Disposition": "inline", "X-Content-Type-Options": "nosniff"},
    )


def _thumbnail(jpeg: bytes) -> bytes:
    """Return a small JPEG of one of our own clean pages."""
    small = BytesIO()
    with Image.open(BytesIO(jpeg), formats=("JPEG",)) as image:
        image.draft("RGB", (THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
        image.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
        image.save(small, "JPEG", quality=80)
    return small.getvalue()


# --- Adding and removing --------------------------------------------------------------------------


@posted_or("verification:home")
@takes_files
def upload(request: HttpRequest, member: Member) -> HttpResponse:
    """Upload one or more files of one kind; each is kept or refused separately."""
    form = UploadForm(request.POST)
    case = case_or_404(member)
    if not form.is_valid():
        return refused_at_home(request, Refused("document_not_chosen"))
    kind = form.cleaned_data["kind"]
    replaced = (
        own_document(member, form.cleaned_data["replaces"])
        if form.cleaned_data["replaces"]
        else None
    )
    files = [file for name in ("photo", "files") for file in request.FILES.getlist(name)]
    limit = f"≤ {settings.UPLOAD_MAX_BYTES // 1024**2} MB"
    refusals = upload_handler.refused_files(request, "document_too_large", limit)
    refusals += [
        (file.name or "", Refused("files_too_many", expected=f"≤ {upload_handler.FILES_AT_ONCE}"))
        for file in files[upload_handler.FILES_AT_ONCE :]
    ]
    for file in files[: upload_handler.FILES_AT_ONCE]:
        try:
            taken = _take_in(request, case, kind, file, member)
            if replaced and taken and replaced != taken:
                documents.remove_document(replaced.pk, member.as_actor(), now_of(member.employer))
        except Refused as refused:
            refusals.append((file.name or "", refused))
    if not files and not refusals:
        refusals.append(("", Refused("document_not_chosen")))
    if request.headers.get("X-Requested-With") != "XMLHttpRequest" and not refusals:
        return redirect("verification:home")
    now = now_of(member.employer)
    case.refresh_from_db()
    failed_uploads.note_refused(
        case, kind, [refused.code for _name, refused in refusals], member.as_actor(), now
    )
    told = {"refusals": refusals, "refused_kind": kind}
    code, opened = 422 if refusals else 200, frozenset({kind})
    if request.headers.get("X-Requested-With") == "XMLHttpRequest":
        return render(
            request,
            "verification/documents/_editor.html",
            editor_context(member, case, now, opened) | told,
            status=code,
        )
    return render(
        request,
        "verification/home.html",
        case_page_context(member, case, now, opened) | told,
        status=code,
    )


def _take_in(
    request: HttpRequest, case: Case, kind: str, file: UploadedFile[bytes], member: Member
) -> Document | None:
    """Open a file and add it to the case. Return None if it is held unopened until the address of
    the account is confirmed.
    """
    now = now_of(member.employer)
    if refused := guards.may_add(kind, case, member.as_actor(), now):
        raise refused
    data = file.read()
    sha256 = hashlib.sha256(data).hexdigest()
    if there := documents.added_just_now(case, kind, sha256, member.user, now):
        return there if isinstance(there, Document) else None
    network, counted_at = throttle.client_network(throttle.caller_of(request)), timezone.now()
    upload_limits.count_upload(member, kind, network, counted_at)
    if not member.user.is_proven:
        if held_uploads.hold_upload(case.pk, kind, data, member, now) is None:
            upload_limits.uncount_upload(member, kind, network, counted_at)
        return None
    taken_in, said = examine_upload(data)
    return documents.add_document(
        case.pk,
        kind,
        taken_in,
        said,
        member.user,
        member.as_actor(),
        now_of(member.employer),
        judge_photos(taken_in, kind),
    )


def own_document(member: Member, document_id: UUID) -> Document:
    document = Document.objects.filter(pk=document_id, case__employer=member.employer).first()
    if document is None:
        raise Http404
    return document


def _document_door(
    operation: Callable[[UUID, Actor, datetime], Any],
) -> Callable[..., HttpResponseBase]:
    """Return a view that applies `operation` to one of the employer's own documents and shows the
    editor again.
    """

    @posted_or("verification:home")
    @member_required
    def door(request: HttpRequest, member: Member, document_id: UUID) -> HttpResponse:
        document = own_document(member, document_id)
        try:
            operation(document.pk, member.as_actor(), now_of(member.employer))
        except Refused as refused:
            return refused_at_home(request, refused)
        return _edited(request, member, document)

    return door


remove_document = _document_door(documents.remove_document)
restore_document = _document_door(documents.restore_document)


@posted_or("verification:home")
@member_required
def drop_upload(request: HttpRequest, member: Member, held_id: UUID) -> HttpResponse:
    """Erase an upload that waits for the confirmation of the address, or the notice of one that
    could not be opened.
    """
    held = HeldUpload.objects.filter(pk=held_id, case__employer=member.employer).first()
    if held is None:  # erased or opened in the meantime
        return redirect("verification:home")
    held_uploads.drop_held_upload(held.pk, member.as_actor(), now_of(member.employer))
    return _edited(request, member, held)


@require_safe
@member_required
def held_upload(request: HttpRequest, member: Member, held_id: UUID) -> HttpResponse:
    """Return nothing while an upload waits to be opened, then the editor; for polling."""
    if "HX-Request" not in request.headers:
        return redirect("verification:home")
    held = HeldUpload.objects.filter(pk=held_id, case__employer=member.employer).first()
    if held is not None and (
        not held.refused or (held.is_opening and held.case.state in states.EDITABLE)
    ):
        return HttpResponse(status=204)
    return _anew(request, member, held.kind if held else "")


def _anew(request: HttpRequest, member: Member, kind: str) -> HttpResponse:
    """Return the editor in place of the one that polled a part of it."""
    shown = editor_context(
        member, case_or_404(member), now_of(member.employer), frozenset({kind} - {""})
    )
    response = render(request, "verification/documents/_editor.html", shown)
    response["HX-Retarget"], response["HX-Reswap"] = "#editor", "outerHTML"
    return response


@posted_or("verification:home")
@member_required
def use_again(request: HttpRequest, member: Member) -> HttpResponse:
    """Reuse a document of an earlier case; a second press adds nothing."""
    case, kind = case_or_404(member), request.POST.get("kind", "")
    try:
        given = document_reuse.use_again(
            case.pk, kind, member.user, member.as_actor(), now_of(member.employer)
        )
    except Refused as refused:
        return refused_at_home(request, refused)
    return _edited(request, member, given[0]) if given else redirect("verification:home")


def _edited(request: HttpRequest, member: Member, document: Document | HeldUpload) -> HttpResponse:
    """Redirect to the page; for the script, return the editor with the focus on `document`."""
    if "HX-Request" not in request.headers:
        return redirect("verification:home")
    shown = editor_context(
        member, case_or_404(member), now_of(member.employer), frozenset({document.kind})
    )
    return render(request, "verification/documents/_editor.html", shown | {"focus": document.pk})


# --- Values read from documents -------------------------------------------------------------------


@require_safe
@member_required
def crop(request: HttpRequest, member: Member, document_id: UUID, field: str) -> HttpResponse:
    """Return a crop of the page around a value that was read."""
    document = own_document(member, document_id)
    row = DocumentReading.objects.filter(document=document).first()
    read = (row.reading if row else None) or {}
    region = (read.get("regions") or {}).get(field)
    page = document.pages.filter(number=read.get("page", 1)).first()
    if field not in early_reading.SHOWN.get(document.kind, ()) or region is None or page is None:
        raise Http404
    return picture_response(_cropped(stored_page(page), region, int(read.get("turn") or 0)))


def _cropped(jpeg: bytes, region: list[float], rotation: int) -> bytes:
    """Return `region` with a small margin, upright."""
    small = BytesIO()
    with Image.open(BytesIO(jpeg), formats=("JPEG",)) as image:
        x0, y0, x1, y1 = region
        around = max(8.0, 0.5 * min(x1 - x0, y1 - y0))
        box = (
            max(0, int(x0 - around)),
            max(0, int(y0 - around)),
            min(image.width, int(x1 + around)),
            min(image.height, int(y1 + around)),
        )
        if box[0] >= box[2] or box[1] >= box[3]:
            raise Http404
        cut = image.convert("RGB").crop(box).rotate(-rotation, expand=True)
        cut.thumbnail((CROP_PIXELS, CROP_PIXELS))
        cut.save(small, "JPEG", quality=85)
    return small.getvalue()


@require_safe
@member_required
def reading(request: HttpRequest, member: Member, document_id: UUID) -> HttpResponse:
    """Return the values read so far, for polling; without a script, redirect to the page."""
    document = own_document(member, document_id)
    if "HX-Request" not in request.headers:
        return redirect("verification:home")
    case = case_or_404(member)
    now = now_of(member.employer)
    if document.erased_as:  # a personal paper: show its item without it
        return _anew(request, member, document.kind)
    document.read_values = reading_of(document)  # type: ignore[attr-defined]
    document.remarks = remarks_on(document, case, now)  # type: ignore[attr-defined]
    shown = {
        "document": document,
        "case": case,
        "addable": {document.kind} if guards.may_edit(case, member.as_actor()) is None else (),
    }
    return render(request, "verification/documents/_reading.html", shown)


@posted_or("verification:home")
@member_required
def state_values(request: HttpRequest, member: Member, document_id: UUID) -> HttpResponse:
    """Confirm the values read, except those that the employer corrects."""
    document = own_document(member, document_id)
    corrections = {
        name: request.POST.get(name, "") for name in early_reading.SHOWN.get(document.kind, ())
    }
    try:
        said = early_reading.save_statements(
            document.pk, member, corrections, now_of(member.employer)
        )
    except Refused as refused:
        return refused_at_home(request, refused)
    disputed = [statement.field for statement in said if statement.said != statement.read]
    if all(settled_by_register(document.kind, field) for field in disputed) and disputed:
        messages.success(
            request, gettext("Saved. For these details, the company register's value counts.")
        )
    elif disputed:
        messages.success(
            request, gettext("Saved. A reviewer will compare your corrections with the document.")
        )
    else:
        messages.success(request, gettext("Thank you for confirming."))
    return redirect(reverse("verification:home") + f"#requirement-{item_of_kind(document.kind)}")
