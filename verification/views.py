"""What does an employer see and do on its case: declare, upload, submit, watch, understand?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_safe
from PIL import Image

from employers.forms import code_state, refusal_html
from employers.models import Member
from employers.views import member_required, posted_or
from events.actor import Actor
from events.errors import ProviderError, Refused
from events.models import Event
from verification import guards, operations, states, uploads, wording
from verification.checks import CHECKS
from verification.findings import Finding, Severity
from verification.forms import DeclareForm, SubmitForm, UploadForm
from verification.intake import Limits, examine
from verification.models import Attempt, Case, CheckRun, Decision, Document, DocumentKind, DocumentPage
from verification.quality import judge_page
from verification.scanner import scan
from verification.states import State

log = structlog.get_logger()

SCAN_SECONDS = 20.0
THUMBNAIL_PIXELS = 480
UNDO_FOR = timedelta(days=1)
RENEW_BEFORE = timedelta(days=30)
TIMELINE_AT_MOST = 60


# --- What the page shows -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One of the four steps at the head of the page; `state` is done, now or next."""

    name: Promise
    state: str


@dataclass
class Slot:
    """One kind of document: what is there of it, and what was taken out and can be brought back."""

    kind: str
    name: Promise | str
    hint: Promise | str
    required: bool
    documents: list[Document] = field(default_factory=list)
    removed: list[Document] = field(default_factory=list)


@dataclass(frozen=True)
class CheckLine:
    """One check as a line: done, now or next; what it found, and whether anything needs a look."""

    code: str
    name: Promise | str
    state: str
    findings: Sequence[Finding] = ()
    seconds: float = 0.0

    @property
    def troubled(self) -> bool:
        return any(finding.severity > Severity.NOTE for finding in self.findings)


_STEP_NAMES = (_("Company"), _("Documents"), _("Checks"), _("Decision"))
_STEP_AT = {
    State.DRAFT: 1, State.CHANGES_REQUESTED: 1, State.SUBMITTED: 2, State.CHECKING: 2, State.IN_REVIEW: 3,
}  # fmt: skip


def steps(state: str) -> list[Step]:
    """The four steps of a case in `state`; a decided case has done them all."""
    at = _STEP_AT.get(State(state), len(_STEP_NAMES))
    return [Step(name, "done" if i < at else "now" if i == at else "next") for i, name in enumerate(_STEP_NAMES)]


def slots(case: Case, documents: Sequence[Document], now: datetime) -> list[Slot]:
    """The kinds that the account class is asked for, and any other kind that was uploaded nevertheless."""
    asked = list(wording.DOCUMENTS_OF[case.account_class])
    asked += [(kind, False) for kind in dict.fromkeys(d.kind for d in documents if d.superseded_at is None) if kind not in dict(asked)]
    there = {(d.kind, d.sha256) for d in documents if d.superseded_at is None}
    made = []
    for kind, required in asked:
        of_kind = [d for d in documents if d.kind == kind]
        current = [d for d in of_kind if d.superseded_at is None]
        removed = [d for d in of_kind if d.superseded_at and now - d.superseded_at < UNDO_FOR and (kind, d.sha256) not in there]
        made.append(Slot(kind, DocumentKind(kind).label, wording.DOCUMENT_HINTS[kind], required, current, removed))
    return made


def check_lines(attempt: Attempt | None, runs: Sequence[CheckRun], now: datetime) -> list[CheckLine]:
    """Every check in the order in which they run, with what the last round of each found."""
    done = {run.code: run for run in runs}
    at_work = attempt is not None and attempt.finished_at is None and attempt.leased_until is not None and attempt.leased_until > now
    lines = []
    for check in CHECKS:
        name = wording.CHECKS.get(check.code) or check.code
        if run := done.get(check.code):
            lines.append(CheckLine(check.code, name, "done", [wording.told(f) for f in run.as_findings()], run.seconds))
        else:
            lines.append(CheckLine(check.code, name, "now" if at_work else "next"))
            at_work = False
    return lines


def current_case(member: Member) -> Case | None:
    """The employer's open case, else its last one."""
    cases = Case.objects.filter(employer=member.employer)
    case: Case | None = cases.open().first() or cases.order_by("-opened_at").first()
    return case


def _progress(case: Case, now: datetime) -> dict[str, Any]:
    attempt = case.attempts.order_by("-number").first()
    runs = list(attempt.check_runs.all()) if attempt else []
    lines = check_lines(attempt, runs, now)
    waiting_for = attempt.waiting_for if attempt else ""
    return {
        "case": case,
        "attempt": attempt,
        "checks": lines,
        "done_count": sum(line.state == "done" for line in lines),
        "in_progress": case.state in states.IN_PROGRESS,
        # What the browser shows already, so that an unchanged progress need not be sent and shown again.
        "have": "-".join([case.state, *(f"{line.code}.{line.state}" for line in lines), waiting_for]),
    }


def _editor(member: Member, case: Case, now: datetime) -> dict[str, Any]:
    documents = list(case.documents.order_by("uploaded_at").prefetch_related("pages"))
    made = slots(case, documents, now)
    return {
        "case": case,
        "slots": made,
        "editable": case.state in states.EDITABLE,
        "lacking": [slot.name for slot in made if slot.required and not slot.documents],
        "address_verified": member.user.email_verified_at is not None,
        "may_submit": any(slot.documents for slot in made if slot.kind in _ENOUGH_TO_SUBMIT),
        "page_count": sum(len(document.pages.all()) for slot in made for document in slot.documents),
        "upload_max_bytes": settings.UPLOAD_MAX_BYTES,
        "upload_max_mb": settings.UPLOAD_MAX_BYTES // 1024**2,
    }


_ENOUGH_TO_SUBMIT = (DocumentKind.BUSINESS_LICENCE, DocumentKind.APPROVAL_DOCUMENT)


def _timeline(case: Case) -> list[Event]:
    """What happened to the case and its documents, the latest first."""
    events = Event.objects.filter(employer_id=case.employer_id, verb__in=wording.HAPPENED, subject_type__in=("case", "document"))
    return [event for event in events.order_by("-id")[: 4 * TIMELINE_AT_MOST] if _is_of(event, case)][:TIMELINE_AT_MOST]


def _is_of(event: Event, case: Case) -> bool:
    return str(case.pk) in (event.subject_id, event.data.get("case"))


def page(member: Member, case: Case, now: datetime) -> dict[str, Any]:
    """All that the case page shows."""
    context = _progress(case, now) | _editor(member, case, now)
    decision: Decision | None = case.decisions.first()
    actor = member.as_actor()
    in_force = case if case.holds_rights(now) else Case.objects.filter(employer=member.employer).in_force(now).first()
    return context | {
        "member": member,
        "steps": steps(case.state),
        "decision": decision,
        "reasons": [wording.told_reason(reason) for reason in decision.reasons] if decision else [],
        "appealed": case.state == State.IN_REVIEW and case.appealed_at is not None,
        "appealable": case.state == State.REJECTED and guards.may("appeal", case, actor, now) is None,
        "withdrawable": guards.may("withdraw", case, actor, now) is None,
        "lapsed": case.state == State.APPROVED and not case.holds_rights(now),
        "renewable": case.state not in states.OPEN,
        "renew_soon": case.holds_rights(now) and case.expires_at is not None and case.expires_at - now < RENEW_BEFORE,
        "in_force": in_force,
        "timeline": _timeline(case),
    }


# --- The page ------------------------------------------------------------------------------------------


@require_safe
@member_required
def home(request: HttpRequest, member: Member) -> HttpResponse:
    """Where everything happens. The first visit opens the employer's first case."""
    now = timezone.now()
    case = current_case(member) or operations.open_case(member.employer, member.as_actor(), now)
    return render(request, "verification/home.html", page(member, case, now))


@require_safe
@member_required
def status(request: HttpRequest, member: Member) -> HttpResponse:
    """The progress while the machine works; once it has decided, the whole page's body, and the asking stops."""
    now, case = timezone.now(), current_case(member)
    if case is None or "HX-Request" not in request.headers:
        return redirect("verification:home")
    if case.state in states.IN_PROGRESS:
        progress = _progress(case, now)
        if request.GET.get("have") == progress["have"]:
            return HttpResponse(status=204)
        return render(request, "verification/_progress.html", progress)
    response = render(request, "verification/_case.html", page(member, case, now) | {"just_decided": True})
    response["HX-Retarget"], response["HX-Reswap"] = "#case", "outerHTML show:window:top"
    return response


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    context = {"upload_max_mb": settings.UPLOAD_MAX_BYTES // 1024**2, "upload_max_pages": settings.UPLOAD_MAX_PAGES}
    return render(request, "verification/help.html", context)


@require_safe
@member_required
def page_image(request: HttpRequest, member: Member, document_id: UUID, number: int) -> HttpResponse:
    """A page of a document of the member's own employer; `?size=small` for a thumbnail."""
    kept = DocumentPage.objects.filter(document_id=document_id, number=number, document__case__employer=member.employer).first()
    if kept is None:
        raise Http404
    try:
        with kept.image.open() as stored:
            jpeg = stored.read()
    except FileNotFoundError as error:
        raise Http404 from error
    if request.GET.get("size") == "small":
        jpeg = _thumbnail(jpeg)
    return HttpResponse(jpeg, content_type="image/jpeg", headers={"Content-Disposition": "inline", "X-Content-Type-Options": "nosniff"})


def _thumbnail(jpeg: bytes) -> bytes:
    """A small JPEG of one of our own clean pages."""
    small = BytesIO()
    with Image.open(BytesIO(jpeg), formats=("JPEG",)) as image:
        image.draft("RGB", (THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
        image.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
        image.save(small, "JPEG", quality=80)
    return small.getvalue()


# --- What the employer does ----------------------------------------------------------------------------


def _case_or_404(member: Member) -> Case:
    case = current_case(member)
    if case is None:
        raise Http404
    return case


def _refused(request: HttpRequest, refused: Refused) -> HttpResponse:
    messages.error(request, refusal_html(refused))
    return redirect("verification:home")


@member_required
def declare(request: HttpRequest, member: Member) -> HttpResponse:
    """Correct what was declared; what was typed stays when it is refused."""
    case = current_case(member)
    if case is None:
        return redirect("verification:home")
    if case.state not in states.EDITABLE:
        return _refused(request, Refused("state_conflict"))
    form = DeclareForm(request.POST) if request.method == "POST" else DeclareForm.of(case)
    if request.method == "POST" and form.is_valid():
        try:
            operations.declare(case.pk, member.as_actor(), timezone.now(), **form.cleaned_data)
        except Refused as refused:
            if refused.code == "state_conflict":
                return _refused(request, refused)
            form.refuse(refused)
        else:
            messages.success(request, gettext("Saved."))
            return redirect("verification:home")
    context = {"form": form, "case": case, "code_state": code_state(form["uscc"].value() or "")}
    return render(request, "verification/declare.html", context, status=422 if form.errors else 200)


@csrf_exempt  # the token stands in the body, which must not be read before its length is known; `_take_in_files` checks it
@posted_or("verification:home")
@member_required
def upload(request: HttpRequest, member: Member) -> HttpResponse:
    """Take in one file or several of one kind; each is kept or refused by itself."""
    if uploads.too_long(request, settings.UPLOAD_MAX_BYTES):
        request.upload_handlers = []
        return render(request, "413.html", {"upload_max_mb": settings.UPLOAD_MAX_BYTES // 1024**2}, status=413)
    handler = uploads.BoundedUploadHandler(request, settings.UPLOAD_MAX_BYTES)
    request.upload_handlers = [handler]
    response: HttpResponse = _take_in_files(request, member, handler)
    return response


@csrf_protect
def _take_in_files(request: HttpRequest, member: Member, handler: uploads.BoundedUploadHandler) -> HttpResponse:
    form = UploadForm(request.POST)
    case = _case_or_404(member)
    if not form.is_valid():
        return _refused(request, Refused("document_missing"))
    kind = form.cleaned_data["kind"]
    replaced = _own_document(member, form.cleaned_data["replaces"]) if form.cleaned_data["replaces"] else None
    files = [file for name in ("photo", "files") for file in request.FILES.getlist(name)]
    limit = f"≤ {settings.UPLOAD_MAX_BYTES // 1024**2} MB"
    refusals = [(name, Refused("document_too_large", expected=limit)) for name in handler.too_large]
    refusals += [
        (file.name or "", Refused("files_too_many", expected=f"≤ {uploads.FILES_AT_ONCE}")) for file in files[uploads.FILES_AT_ONCE :]
    ]
    for file in files[: uploads.FILES_AT_ONCE]:
        try:
            taken = _take_in(case, kind, file, member)
            if replaced and replaced != taken:
                operations.remove_document(replaced.pk, member.as_actor(), timezone.now())
        except Refused as refused:
            refusals.append((file.name or "", refused))
    if not files and not refusals:
        refusals.append(("", Refused("document_missing")))
    if request.headers.get("X-Requested-With") != "XMLHttpRequest" and not refusals:
        return redirect("verification:home")
    now = timezone.now()
    case.refresh_from_db()
    told = {"refusals": refusals, "refused_kind": kind}
    code = 422 if refusals else 200
    if request.headers.get("X-Requested-With") == "XMLHttpRequest":
        return render(request, "verification/_editor.html", _editor(member, case, now) | told, status=code)
    return render(request, "verification/home.html", page(member, case, now) | told, status=code)


def _take_in(case: Case, kind: str, file: UploadedFile[bytes], member: Member) -> Document:
    if refused := guards.may_edit(case, member.as_actor()):
        raise refused
    data = file.read()
    limits = Limits(bytes=settings.UPLOAD_MAX_BYTES, pixels=settings.UPLOAD_MAX_PIXELS, pages=settings.UPLOAD_MAX_PAGES)
    try:
        with uploads.room_for_a_child():
            taken_in = examine(data, limits)
        said = _scan(data)
    except ProviderError as error:  # no answer is not a yes: nothing is stored
        log.error("upload_not_examined", error=type(error).__name__)
        raise Refused("document_scan_unavailable", "document") from error
    judged = [judge_page(page, licence=kind == DocumentKind.BUSINESS_LICENCE and page.number == 1) for page in taken_in.pages]
    return operations.add_document(case.pk, kind, taken_in, said, member.user, member.as_actor(), timezone.now(), judged)


def _scan(data: bytes) -> dict[str, Any]:
    """What the virus scanner says of `data`, to be stored. Raises Refused `document_infected` and ProviderError."""
    if not settings.CLAMD_ADDRESS:
        return {"clean": None}
    result = scan(data, settings.CLAMD_ADDRESS, SCAN_SECONDS)
    if not result.clean:
        log.warning("upload_infected", signature=result.signature)
        raise Refused("document_infected", "document")
    return {"clean": True}


def _own_document(member: Member, document_id: UUID) -> Document:
    document = Document.objects.filter(pk=document_id, case__employer=member.employer).first()
    if document is None:
        raise Http404
    return document


def _document_door(operation: Callable[[UUID, Actor, datetime], Any]) -> Callable[..., HttpResponseBase]:
    """A view that does `operation` to one of the employer's own documents and shows the editor again."""

    @posted_or("verification:home")
    @member_required
    def door(request: HttpRequest, member: Member, document_id: UUID) -> HttpResponse:
        document = _own_document(member, document_id)
        try:
            operation(document.pk, member.as_actor(), timezone.now())
        except Refused as refused:
            return _refused(request, refused)
        return _edited(request, member, document)

    return door


remove_document = _document_door(operations.remove_document)
restore_document = _document_door(operations.restore_document)


def _edited(request: HttpRequest, member: Member, document: Document) -> HttpResponse:
    """The page again; for the script only its editor, with the keyboard's focus where `document` now is."""
    if "HX-Request" not in request.headers:
        return redirect("verification:home")
    return render(request, "verification/_editor.html", _editor(member, _case_or_404(member), timezone.now()) | {"focus": document.pk})


@posted_or("verification:home")
@member_required
def submit(request: HttpRequest, member: Member) -> HttpResponse:
    """Hand the case in as it was seen. Sent twice, it is submitted once and the same page answers."""
    case, form = _case_or_404(member), SubmitForm(request.POST)
    if not form.is_valid():
        return _refused(request, Refused("state_conflict"))
    if case.state in states.IN_PROGRESS:
        return redirect("verification:home")
    try:
        operations.submit(case.pk, member.user, member.as_actor(), timezone.now(), seen_version=form.cleaned_data["version"])
    except Refused as refused:
        case.refresh_from_db()
        if refused.code == "state_conflict" and case.state not in states.EDITABLE:
            return redirect("verification:home")
        return _refused(request, refused)
    return redirect("verification:home")


@posted_or("verification:home")
@member_required
def withdraw(request: HttpRequest, member: Member) -> HttpResponse:
    case = _case_or_404(member)
    if case.state == State.WITHDRAWN:
        return redirect("verification:home")
    try:
        operations.withdraw(case.pk, member.as_actor(), timezone.now())
    except Refused as refused:
        return _refused(request, refused)
    messages.success(request, gettext("Withdrawn. You can begin again at any time."))
    return redirect("verification:home")


@posted_or("verification:home")
@member_required
def appeal(request: HttpRequest, member: Member) -> HttpResponse:
    case = _case_or_404(member)
    if case.state == State.IN_REVIEW and case.appealed_at:
        return redirect("verification:home")
    try:
        operations.appeal(case.pk, member.as_actor(), timezone.now())
    except Refused as refused:
        return _refused(request, refused)
    return redirect("verification:home")


@posted_or("verification:home")
@member_required
def start(request: HttpRequest, member: Member) -> HttpResponse:
    """Begin a new case after one that is decided: for a renewal, or after a refusal."""
    try:
        operations.open_case(member.employer, member.as_actor(), timezone.now())
    except Refused as refused:
        return _refused(request, refused)
    return redirect("verification:home")
