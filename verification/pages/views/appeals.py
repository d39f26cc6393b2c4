"""The page on which an employer appeals a decision, or asks for a person."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from employers.clock import now_of
from employers.models import Member
from employers.security import throttle
from events.core.errors import Refused
from verification.cases import appeals, guards
from verification.intake import upload_limits
from verification.intake.examination import examine_upload
from verification.intake.upload_handler import refused_files
from verification.models import Case, DocumentKind
from verification.pages.forms import WordsForm
from verification.pages.views.case import case_or_404, refused_at_home
from verification.pages.views.uploads import takes_files
from verification.rules import states
from verification.rules.states import State


@takes_files
def appeal(request: HttpRequest, member: Member) -> HttpResponse:
    """Appeal a rejection, suspension or revocation, with files if needed.

    After changes were requested for the third time, the employer can ask for a person instead.
    """
    case, now = case_or_404(member), now_of(member.employer)
    if case.state == State.IN_REVIEW or case.heard():  # sent twice
        return redirect("verification:home")
    verb = "ask_person" if case.state in states.EDITABLE else "appeal"
    if refused := guards.may_act(verb, case, member.as_actor(), now):
        return refused_at_home(request, refused)
    form = WordsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            _say(request, verb, case, member, form.cleaned_data["words"])
        except Refused as refused:
            if refused.code == "state_conflict":
                return refused_at_home(request, refused)
            form.refuse(refused)
        else:
            messages.success(request, gettext("Sent. A reviewer will read it. We'll let you know."))
            return redirect("verification:home")
    context = {
        "form": form,
        "case": case,
        "verb": verb,
        "upload_max_mb": settings.UPLOAD_MAX_BYTES // 1024**2,
        "files": appeals.FILES_AT_MOST,
        "address_verified": member.user.is_proven,
    }
    return render(request, "verification/appeal.html", context, status=422 if form.errors else 200)


def _say(request: HttpRequest, verb: str, case: Case, member: Member, words: str) -> None:
    limit = f"≤ {settings.UPLOAD_MAX_BYTES // 1024**2} MB"
    for name, why in refused_files(request, "document_too_large", limit):
        raise Refused(why.code, "evidence", seen=name, expected=why.expected)
    files = request.FILES.getlist("files")
    if files and not member.user.is_proven:
        raise Refused("authority_email_unverified", "evidence")
    if len(files) > appeals.FILES_AT_MOST:
        raise Refused("files_too_many", "evidence", expected=f"≤ {appeals.FILES_AT_MOST}")
    network = throttle.client_network(throttle.caller_of(request))
    evidence = []
    for file in files:
        try:
            upload_limits.count_upload(
                member, DocumentKind.APPEAL_EVIDENCE, network, timezone.now()
            )
            evidence.append(appeals.Evidence(*examine_upload(file.read())))
        except Refused as refused:
            raise Refused(
                refused.code,
                "evidence",
                seen=file.name or "",
                expected=refused.expected,
                details=refused.details,
            ) from refused
    operation = appeals.appeal_decision if verb == "appeal" else appeals.ask_person
    operation(case.pk, member, words, evidence, now_of(member.employer))
