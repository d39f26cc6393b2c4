"""Views to prove authority: by email, bank deposit, electronic licence or a colleague."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import zxingcpp
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from employers.accounts.forms import refusal_html
from employers.accounts.views import member_required, posted_or, proven_member_required
from employers.clock import now_of
from employers.models import Member
from events.core.errors import Refused
from verification.authority import deposits, email_codes, proof_polling, proofs, vouches
from verification.cases import wording
from verification.cases.authority_evidence import declared_by
from verification.cases.proof_ways import CODE_TYPED, WAYS
from verification.models import Proof, ProofKind, ProofState
from verification.pages.case_progress import Step
from verification.pages.forms import AddressForm, CodeForm, ColleagueForm, DepositForm
from verification.pages.requirement_rows import PAGE_OF
from verification.providers.banks.base import Stage
from verification.rules.required_documents import HOW

ANEW: Final = "anew"
"""Query parameter to prove authority again although a proof is in force."""
APP_SCHEMES: Final = frozenset({"https", "weixin", "alipays"})
"""Schemes of links that open the electronic licence: its own page, WeChat and Alipay."""
STAGES = (
    (Stage.ACCEPTED, _("Accepted by the bank")),
    (Stage.SENT, _("Sent")),
    (Stage.ARRIVED, _("Arrived")),
)


# --- Context --------------------------------------------------------------------------------------


def _latest(request: HttpRequest, member: Member, kind: ProofKind) -> Proof | None:
    """Return the member's proof that the page is about: pending, else in force, else the latest.

    With `ANEW`, only a pending proof counts, for example after a step-up.
    """
    now = now_of(member.employer)
    of_kind = Proof.objects.of(member, declared_by(member).uscc).filter(kind=kind)
    under_way: Proof | None = of_kind.under_way().filter(expires_at__gt=now).first()
    if under_way is not None or ANEW in request.GET:
        return under_way
    found: Proof | None = of_kind.in_force(now).first() or of_kind.first()
    return found


def _is_pending(proof: Proof | None, now: datetime) -> bool:
    return proof is not None and proof.state == ProofState.PENDING and proof.expires_at > now


def _shown(
    request: HttpRequest, member: Member, proof: Proof | None, kind: ProofKind, **more: Any
) -> HttpResponse:
    form = more.get("form")
    context = {
        "way": wording.WAYS[kind],
        "how": HOW[kind],
        "proof": proof,
        "pending": _is_pending(proof, now_of(member.employer)),
        "anew": ANEW,
        "company": declared_by(member),
        "left": WAYS[kind].guesses - (proof.guesses if proof else 0),
    }
    status = 422 if more.get("refused") or (form is not None and form.errors) else 200
    return render(request, f"verification/authority/{kind}.html", context | more, status=status)


def _not_offered(kind: ProofKind, member: Member) -> None:
    """Raise Http404 if this kind of proof is not offered to the member's company."""
    if kind not in proofs.offered_kinds(declared_by(member).uscc, test=member.employer.test):
        raise Http404


# --- By email -------------------------------------------------------------------------------------


@member_required
def company_email(request: HttpRequest, member: Member) -> HttpResponse:
    """Enter an address at the company, then the code sent to it."""
    proof = _latest(request, member, ProofKind.COMPANY_EMAIL)
    form = AddressForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            email_codes.send_code(member, form.cleaned_data["address"], now_of(member.employer))
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, gettext("We've sent the code."))
            return redirect("verification:company_email")
    if not form.errors and _is_pending(proof, now_of(member.employer)):
        return _shown(request, member, proof, ProofKind.COMPANY_EMAIL, form=CodeForm())
    # If a second code is refused, the first one's page stays.
    refused_beside = _is_pending(proof, now_of(member.employer)) and form.errors
    if refused_beside:
        messages.error(request, str(next(iter(form.errors.values()))[0]))
        return redirect("verification:company_email")
    return _shown(request, member, proof, ProofKind.COMPANY_EMAIL, form=form)


# --- By bank deposit ------------------------------------------------------------------------------


@member_required
def bank_deposit(request: HttpRequest, member: Member) -> HttpResponse:
    """Enter the company's account, follow the transfer, enter its code."""
    _not_offered(ProofKind.BANK_DEPOSIT, member)
    proof = _latest(request, member, ProofKind.BANK_DEPOSIT)
    if _is_pending(proof, now_of(member.employer)):
        return _deposit_page(request, member, proof, CodeForm())
    initial = {"account_holder": declared_by(member).name}
    form = DepositForm(request.POST) if request.method == "POST" else DepositForm(initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            deposits.start_deposit(member, **form.cleaned_data, now=now_of(member.employer))
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, gettext("We've asked the bank to send the transfer."))
            return redirect("verification:bank_deposit")
    return _deposit_page(request, member, proof, form)


def _deposit_page(
    request: HttpRequest, member: Member, proof: Proof | None, form: Any
) -> HttpResponse:
    more: dict[str, Any] = {"form": form}
    if proof is not None and _is_pending(proof, now_of(member.employer)):
        more |= {
            "stages": _stages(proof),
            "days_left": max(0, (proof.expires_at - now_of(member.employer)).days),
            "code_given": "code_given_at" in proof.observed,
        }
    return _shown(request, member, proof, ProofKind.BANK_DEPOSIT, **more)


def _stages(proof: Proof) -> list[Step]:
    order = [stage for stage, _name in STAGES]
    at = order.index(Stage(proof.stage)) if proof.stage in order else -1
    return [
        Step(
            name,
            "done"
            if i < at or stage == Stage.ARRIVED == proof.stage
            else "now"
            if i == max(at, 0)
            else "next",
        )
        for i, (stage, name) in enumerate(STAGES)
    ]


@posted_or("verification:home")
@member_required
def confirm_proof(request: HttpRequest, member: Member, proof_id: UUID) -> HttpResponse:
    """Confirm a proof with the code from the email or the transfer's memo."""
    proof = _own_proof(member, proof_id)
    kind = ProofKind(proof.kind)
    if kind not in CODE_TYPED:
        raise Http404
    form = CodeForm(request.POST)
    if form.is_valid():
        confirm = (
            email_codes.confirm_code
            if kind == ProofKind.COMPANY_EMAIL
            else deposits.confirm_deposit
        )
        try:
            proof = confirm(proof.pk, member, form.cleaned_data["code"], now_of(member.employer))
        except Refused as refused:
            proof.refresh_from_db()
            if not _is_pending(
                proof, now_of(member.employer)
            ):  # used up or expired: the page says so, and offers a new one
                messages.error(request, refusal_html(refused))
                return redirect(PAGE_OF[kind])
            form.refuse(refused)
        else:
            if proof.state == ProofState.PROVEN:
                messages.success(
                    request, gettext("Correct. You have proved that you recruit for the company.")
                )
            return redirect(PAGE_OF[kind])
    if kind == ProofKind.BANK_DEPOSIT:
        return _deposit_page(request, member, proof, form)
    return _shown(request, member, proof, kind, form=form)


# --- By electronic licence ------------------------------------------------------------------------


@member_required
def e_licence(request: HttpRequest, member: Member) -> HttpResponse:
    """Show the code to scan and the scan's state. The page polls, even without a script."""
    _not_offered(ProofKind.E_LICENCE, member)
    kind, now = ProofKind.E_LICENCE, now_of(member.employer)
    proof = _latest(request, member, kind)
    if request.method == "POST":
        try:
            proof_polling.start_scan(member, now)
        except Refused as refused:
            return _shown(request, member, proof, kind, refused=refused)
        return redirect("verification:e_licence")
    if proof is not None and _is_pending(proof, now_of(member.employer)):
        proof = proof_polling.poll_proof(proof.pk, member, now)
    if "HX-Request" in request.headers:
        if not _is_pending(proof, now_of(member.employer)):
            return HttpResponse(status=204, headers={"HX-Refresh": "true"})
        return render(
            request, "verification/authority/_scan.html", {"proof": proof} | _code_of(proof)
        )
    return _shown(request, member, proof, kind, **_code_of(proof))


def _code_of(proof: Proof | None) -> dict[str, Any]:
    """Return whether there is a code to scan, and the link in it that opens the app on a phone.

    The service made the link. Schemes that a browser would run itself are not linked.
    """
    payload = str(proof.observed.get("qr", "")) if proof is not None else ""
    opens = payload.partition(":")[0].lower() in APP_SCHEMES
    return {"qr": bool(payload), "app_link": payload if opens else ""}


@require_safe
@member_required
def scan_code(request: HttpRequest, member: Member, proof_id: UUID) -> HttpResponse:
    """Return a scan's code as an SVG image."""
    payload = _own_proof(member, proof_id).observed.get("qr")
    if not payload:
        raise Http404
    drawn = zxingcpp.create_barcode(payload, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    return HttpResponse(
        drawn.to_svg(add_quiet_zones=True),
        content_type="image/svg+xml",
        headers={"X-Content-Type-Options": "nosniff"},
    )


# --- By a colleague -------------------------------------------------------------------------------


@proven_member_required
def vouching(request: HttpRequest, member: Member) -> HttpResponse:
    """Choose the colleague who is asked to vouch."""
    kind, now = ProofKind.VOUCH, now_of(member.employer)
    proof = _latest(request, member, kind)
    who = Member.objects.filter(
        pk__in=[colleague.pk for colleague in vouches.colleagues_who_can_vouch(member, now)]
    ).select_related("user")
    form = ColleagueForm(request.POST or None, colleagues=who)
    if request.method == "POST" and form.is_valid():
        try:
            vouches.ask_vouch(member, form.cleaned_data["colleague"], now)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, gettext("We have asked your colleague."))
            return redirect("verification:vouching")
    return _shown(request, member, proof, kind, form=form, has_colleagues=bool(who))


@require_safe
@proven_member_required
def asked_to_vouch(request: HttpRequest, member: Member) -> HttpResponse:
    """Show the members who ask this member to vouch."""
    context = {
        "proofs": vouches.asked_of(member, now_of(member.employer)),
        "company": declared_by(member),
    }
    return render(request, "verification/authority/answer.html", context)


@posted_or("verification:asked_to_vouch")
@proven_member_required
def answer_vouch(request: HttpRequest, member: Member, proof_id: UUID) -> HttpResponse:
    """Vouch for a colleague, or decline."""
    yes = request.POST.get("answer") == "yes"
    try:
        (vouches.vouch_for_recruiter if yes else vouches.decline_to_vouch)(
            proof_id, member, now_of(member.employer)
        )
    except Refused as refused:
        messages.error(request, refusal_html(refused))
    else:
        messages.success(
            request,
            gettext("Thank you. We have told your colleague.")
            if yes
            else gettext("You declined. We have told your colleague."),
        )
    return redirect("verification:asked_to_vouch")


# --- All proofs -----------------------------------------------------------------------------------


def _own_proof(member: Member, proof_id: UUID) -> Proof:
    proof: Proof | None = Proof.objects.filter(pk=proof_id, member=member).first()
    if proof is None:
        raise Http404
    return proof


@posted_or("verification:home")
@member_required
def cancel_proof(request: HttpRequest, member: Member, proof_id: UUID) -> HttpResponse:
    proof = _own_proof(member, proof_id)
    try:
        proofs.cancel_proof(proof.pk, member, now_of(member.employer))
    except Refused as refused:
        messages.error(request, refusal_html(refused))
    return redirect(reverse("verification:home") + "#requirement-authority")
