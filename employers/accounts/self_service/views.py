"""The pages of one's own account: its data, password, address, phone and sessions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.debug import sensitive_post_parameters

from employers.accounts import membership
from employers.accounts.forms import RefusableForm, network_of
from employers.accounts.phones import numbers
from employers.accounts.phones.views import SENT, after_sending, show_refusal, show_sent
from employers.accounts.self_service import address_change, own_password
from employers.accounts.self_service.forms import (
    OwnAddressForm,
    OwnPasswordForm,
    OwnPhoneForm,
    ProvePhoneForm,
    asked_of,
)
from employers.accounts.self_service.fresh_code_views import fresh_code_first
from employers.accounts.views import (
    posted_or,
    private_response,
    proven_member_required,
    remember_browser,
    site_links,
    status_of,
    without_factor,
)
from employers.masking import masked_phone
from employers.models import Member, SecondFactor, User
from employers.security import lockout, second_factor, sign_ins, throttle
from employers.security.cookies import read_cookie
from employers.security.one_time_codes import Purpose
from events.core.errors import Refused
from events.delivery.sms import sms_ready

HOME = "employers:account"
SESSIONS = "employers:sessions"


def session_limits() -> sign_ins.Limits:
    return sign_ins.Limits(settings.SESSION_LONGEST, settings.SESSION_IDLE)


@proven_member_required
@without_factor
def account(request: HttpRequest, member: Member) -> HttpResponseBase:
    """Show one's own data, each with a link to change it."""
    user, now = member.user, timezone.now()
    context = {
        "member": member,
        "contact_missing": member.employer.confirmed_at is not None
        and not Member.objects.contact_of(member),
        "phone": masked_phone(user.phone),
        "can_prove": sms_ready(),
        "pending": address_change.pending_change(user, settings.EMAIL_VERIFICATION_TIMEOUT, now),
        "languages": settings.LANGUAGES,
        "factor": second_factor.second_factor_of(user),
        "sessions": len(sign_ins.open_sign_ins(user, request.session, session_limits(), now)),
    }
    return private_response(render(request, "employers/account/account.html", context))


def change_after_password(
    request: HttpRequest,
    member: Member,
    form: RefusableForm,
    act: Callable[[dict[str, Any], datetime], str],
) -> bool:
    """Do `act` with what the form says, after the current password. Return whether it was done.

    `act` returns the message that says so, if any. A refusal is shown on the form.
    """
    if request.method != "POST" or not form.is_valid():
        return False
    now, typed = timezone.now(), form.cleaned_data
    try:
        own_password.check_own_password(
            member.user, typed.get("current_password", ""), request.session, now
        )
        said = act(typed, now)
    except Refused as refused:
        form.refuse(refused)
        return False
    if said:
        messages.success(request, said)
    return True


def answer_factor(request: HttpRequest, user: User, code: str, now: datetime) -> SecondFactor:
    """Accept a code of the second factor, or raise Refused (`second_factor`)."""
    browser = read_cookie(request, lockout.BROWSER_COOKIE)
    return second_factor.answer_second_factor(user, code, browser, now)[0]


def account_page(
    request: HttpRequest, page: str, form: RefusableForm, **context: Any
) -> HttpResponseBase:
    """Return a page of the account with its form."""
    template = f"employers/account/{page}.html"
    return private_response(
        render(request, template, {"form": form, **context}, status=status_of(form))
    )


@sensitive_post_parameters("current_password", "password")
@proven_member_required
@fresh_code_first
def password(request: HttpRequest, member: Member) -> HttpResponseBase:
    """Choose another password, or the first one. All other sessions end.

    One signs in with the address and the password, so an account without address has none.
    """
    user = member.user
    if user.email_verified_at is None and not user.has_usable_password():
        return private_response(render(request, "employers/account/password_address.html"))
    form = asked_of(OwnPasswordForm(request.POST or None, email=user.email), user)

    def act(typed: dict[str, Any], now: datetime) -> str:
        user = own_password.change_own_password(member, typed["password"], request.session, now)
        update_session_auth_hash(request, user)
        return gettext("Your new password is set. All other sessions have ended.")

    if change_after_password(request, member, form, act):
        return redirect(HOME)
    return account_page(request, "password", form, email=member.user.email)


@sensitive_post_parameters("current_password")
@proven_member_required
@without_factor
@fresh_code_first
def address(request: HttpRequest, member: Member) -> HttpResponseBase:
    """Ask for another address, or the first one, which a mailed link confirms."""
    form = asked_of(OwnAddressForm(request.POST or None), member.user)

    def act(typed: dict[str, Any], now: datetime) -> str:
        counted = [
            (throttle.MAILS_TO_ADDRESS, f"change {member.user_id}"),
            (throttle.MAILS_TO_ADDRESS, typed["email"].strip().lower()),
        ]
        throttle.count_try(counted, now)
        try:
            address_change.ask_for_change(member, typed["email"], site_links(), now)
        except Refused:
            throttle.give_back_try(counted, now)
            raise
        return ""  # the page of the account says it for as long as the link is open

    if change_after_password(request, member, form, act):
        return redirect(HOME)
    return account_page(request, "address", form, email=member.user.email)


@posted_or(HOME)
@proven_member_required
@without_factor
def cancel_address(request: HttpRequest, member: Member) -> HttpResponse:
    address_change.cancel_change(member, timezone.now())
    messages.success(request, gettext("Cancelled. Your email address stays as it is."))
    return redirect(HOME)


@sensitive_post_parameters("current_password", "phone", "code")
@proven_member_required
@fresh_code_first
def phone(request: HttpRequest, member: Member) -> HttpResponseBase:
    """Prove, change or delete one's number, with which one signs in and calls."""
    if not sms_ready():
        return _unproven_phone(request, member)
    user, now = member.user, timezone.now()
    form = asked_of(ProvePhoneForm(request.POST or None), user)
    if "delete" in request.POST:
        form.fields["phone"].required = False
    asker = numbers.Asker(f"sign-in {request.session[sign_ins.KEY]}", network_of(request))

    def act(typed: dict[str, Any], now: datetime) -> str:
        if "delete" in request.POST:
            numbers.remove_number(member, now)
            return gettext("Your number is deleted.")
        proven = numbers.read_number(typed["phone"])
        numbers.prove_number(member, proven, typed["code"], asker, now)
        return gettext("Your number is verified. You can sign in and call with it.")

    was_sent = "delete" not in request.POST and _sent_code(request, form, asker, now)
    if form.has_sent:
        return private_response(after_sending(request, form, now))
    show_sent(request, form, now)
    if not was_sent and change_after_password(request, member, form, act):
        request.session.pop(SENT, None)
        return remember_browser(request, redirect(HOME), User.objects.get(pk=user.pk))
    return account_page(
        request, "prove_phone", form, phone=masked_phone(user.phone), proven=bool(user.phone_index)
    )


def _sent_code(
    request: HttpRequest, form: ProvePhoneForm, asker: numbers.Asker, now: datetime
) -> bool:
    """Send the code that the form asks for. Return whether it asked for one. The password is only
    needed with the code.
    """
    password = form.fields.get("current_password")
    if request.method != "POST" or not form.asks_for_code:
        return False
    if password:
        password.required = False
    is_valid = form.is_valid()
    if password:
        password.required = True
    if not is_valid:
        return True
    try:
        phone = numbers.read_number(form.cleaned_data["phone"])
        numbers.send_code(Purpose.OWN_PHONE, phone, get_language() or "", asker, now)
        form.was_sent()
    except Refused as refused:
        show_refusal(form, refused)
    return True


def _unproven_phone(request: HttpRequest, member: Member) -> HttpResponseBase:
    """Change or delete the number by which a reviewer reaches the member, where none can be proven
    because no messages are sent.
    """
    form = asked_of(OwnPhoneForm(request.POST or None), member.user)

    def act(typed: dict[str, Any], now: datetime) -> str:
        number = "" if "delete" in request.POST else typed["phone"].strip()
        membership.give_phone(member, number, member.as_actor(), now)
        return gettext("Your number is saved.") if number else gettext("Your number is deleted.")

    if change_after_password(request, member, form, act):
        return redirect(HOME)
    return account_page(request, "phone", form, phone=masked_phone(member.user.phone))


# --- Sessions -------------------------------------------------------------------------------------


@proven_member_required
def sessions(request: HttpRequest, member: Member) -> HttpResponseBase:
    """Show where the member is signed in."""
    lasts = session_limits()
    context = {
        "sign_ins": sign_ins.open_sign_ins(member.user, request.session, lasts, timezone.now()),
        "idle_minutes": int(lasts.idle.total_seconds()) // 60,
        "hours": int(lasts.longest.total_seconds()) // 3600,
    }
    return private_response(render(request, "employers/account/sessions.html", context))


@posted_or(SESSIONS)
@proven_member_required
def end_session(request: HttpRequest, member: Member, sign_in_id: UUID) -> HttpResponse:
    sign_ins.end_sign_in(member.user, sign_in_id, timezone.now())
    messages.success(request, gettext("That session has ended."))
    return redirect(SESSIONS)


@posted_or(SESSIONS)
@proven_member_required
def end_other_sessions(request: HttpRequest, member: Member) -> HttpResponse:
    sign_ins.end_others(member.user, request.session, timezone.now())
    messages.success(request, gettext("All other sessions have ended."))
    return redirect(SESSIONS)


# --- Links in mails -------------------------------------------------------------------------------


def confirm_address(request: HttpRequest, token: str) -> HttpResponseBase:
    """Let the signed-in user confirm the new address. The link alone confirms nothing."""
    seconds, user = settings.EMAIL_VERIFICATION_TIMEOUT, request.user
    try:
        change = address_change.read_confirmation(token, seconds)
        if not isinstance(user, User):
            return private_response(redirect_to_login(request.get_full_path()))
        if change.user_id != user.pk:
            raise Refused("link_of_other_account")
        if request.method != "POST":
            return private_response(
                render(request, "employers/account/confirm_address.html", {"change": change})
            )
        user = address_change.confirm_change(token, user, seconds, site_links(), timezone.now())
    except Refused as refused:
        return _gone(request, refused)
    messages.success(request, gettext("Your email address is changed."))
    return remember_browser(request, redirect(HOME), user)


def stop_address(request: HttpRequest, token: str) -> HttpResponseBase:
    """Let the reader of the old address stop or reverse a change, by a button."""
    now = timezone.now()
    try:
        change = address_change.read_stop(token, now)
        if request.method == "POST":
            change = address_change.stop_change(token, site_links(), now)
            if request.user.is_authenticated and request.user.pk == change.user_id:
                logout(request)
    except Refused as refused:
        return _gone(request, refused)
    context = {"change": change, "is_stopped": request.method == "POST" or change.stopped_at}
    return private_response(render(request, "employers/account/stop_address.html", context))


def _gone(request: HttpRequest, refused: Refused) -> HttpResponseBase:
    context = {"refused": refused, "of_account": True}
    return private_response(render(request, "employers/link_refused.html", context, status=410))
