"""The pages of an employer's case: declare, submit, follow, withdraw, start again."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from employers.accounts.forms import code_state, refusal_html
from employers.accounts.views import member_required, posted_or, proven_member_required
from employers.clock import now_of
from employers.models import Member
from events.core.errors import Refused
from verification.cases import operations
from verification.models import Case
from verification.pages.case_editor import code_proof
from verification.pages.case_page import case_page_context, current_case
from verification.pages.case_progress import next_step_meanwhile, progress_context
from verification.pages.forms import DeclareForm, SubmitForm
from verification.rules import states
from verification.rules.states import State
from verification.rules.turn import Turn


@require_safe
@member_required
def home(request: HttpRequest, member: Member) -> HttpResponse:
    """Show the case. The first visit opens the employer's first case."""
    now = now_of(member.employer)
    case = current_case(member) or operations.open_case(member.employer, member.as_actor(), now)
    return render(request, "verification/home.html", case_page_context(member, case, now))


@require_safe
@member_required
def status(request: HttpRequest, member: Member) -> HttpResponse:
    """Return the progress while checks run.

    Return the body of the whole page once the case is decided or someone else has to act.
    """
    now, case = now_of(member.employer), current_case(member)
    if case is None or "HX-Request" not in request.headers:
        return redirect("verification:home")
    if case.state in states.IN_PROGRESS:
        shown, have = progress_context(case, now), request.GET.get("have", "")
        if have == shown["have"]:
            return HttpResponse(status=204)
        if not have or have.partition("-")[0] == shown["turn"]:
            asked = shown["turn"] in (Turn.EMPLOYER, Turn.BANK)
            code = code_proof(member, case, now) if asked else None
            waits = shown["turn"] is Turn.EMPLOYER and code is None
            following = next_step_meanwhile(member, case, now) if waits else None
            shown |= {"next": following, "code_proof": code}
            return render(request, "verification/case/_progress.html", shown)
    response = render(
        request,
        "verification/case/_case.html",
        case_page_context(member, case, now)
        | {"just_decided": case.state not in states.IN_PROGRESS},
    )
    response["HX-Retarget"], response["HX-Reswap"] = "#case", "outerHTML show:window:top"
    return response


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    context = {
        "upload_max_mb": settings.UPLOAD_MAX_BYTES // 1024**2,
        "upload_max_pages": settings.UPLOAD_MAX_PAGES,
    }
    return render(request, "verification/help.html", context)


def case_or_404(member: Member) -> Case:
    """Return the case that the member's pages are about."""
    case = current_case(member)
    if case is None:
        raise Http404
    return case


def refused_at_home(request: HttpRequest, refused: Refused) -> HttpResponse:
    """Redirect to the case's page and show the refusal there."""
    messages.error(request, refusal_html(refused))
    return redirect("verification:home")


@member_required
def declare(request: HttpRequest, member: Member) -> HttpResponse:
    """Correct the declaration; a refused form keeps its input."""
    case = current_case(member)
    if case is None:
        return redirect("verification:home")
    if case.state not in states.EDITABLE:
        return refused_at_home(request, Refused("state_conflict"))
    form = DeclareForm(request.POST) if request.method == "POST" else DeclareForm.of(case)
    if request.method == "POST" and form.is_valid():
        try:
            operations.declare_facts(
                case.pk, member.as_actor(), now_of(member.employer), **form.cleaned_data
            )
        except Refused as refused:
            if refused.code == "state_conflict":
                return refused_at_home(request, refused)
            form.refuse(refused)
        else:
            messages.success(request, gettext("Saved."))
            return redirect("verification:home")
    context = {"form": form, "case": case, "code_state": code_state(form["uscc"].value() or "")}
    return render(request, "verification/declare.html", context, status=422 if form.errors else 200)


@posted_or("verification:home")
@member_required
def submit(request: HttpRequest, member: Member) -> HttpResponse:
    """Submit the case in the version that was shown.

    A form sent twice submits once, and both responses lead to the same page.
    """
    case, form = case_or_404(member), SubmitForm(request.POST)
    if not form.is_valid():
        return refused_at_home(request, Refused("state_conflict"))
    if case.state in states.IN_PROGRESS:
        return redirect("verification:home")
    try:
        operations.submit_case(
            case.pk,
            member.user,
            member.as_actor(),
            now_of(member.employer),
            seen_version=form.cleaned_data["version"],
        )
    except Refused as refused:
        case.refresh_from_db()
        if refused.code == "state_conflict" and case.state not in states.EDITABLE:
            return redirect("verification:home")
        return refused_at_home(request, refused)
    return redirect("verification:home")


@posted_or("verification:home")
@proven_member_required
def withdraw(request: HttpRequest, member: Member) -> HttpResponse:
    case = case_or_404(member)
    if (
        case.state not in states.OPEN
        and member.employer.cases.latest("opened_at").state == State.WITHDRAWN
    ):  # sent twice
        return redirect("verification:home")
    try:
        operations.withdraw_case(case.pk, member.as_actor(), now_of(member.employer))
    except Refused as refused:
        return refused_at_home(request, refused)
    messages.success(request, gettext("Withdrawn. You can start again at any time."))
    return redirect("verification:home")


@posted_or("verification:home")
@member_required
def start(request: HttpRequest, member: Member) -> HttpResponse:
    """Open a new case after a decided one, to renew or after a rejection."""
    try:
        operations.open_case(member.employer, member.as_actor(), now_of(member.employer))
    except Refused as refused:
        return refused_at_home(request, refused)
    return redirect("verification:home")
