"""The second factor of employers' people: the second step of the sign-in, and the page that sets
it up, renews its recovery codes and turns it off.
"""

from __future__ import annotations

import secrets
from typing import Final

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters

from employers.accounts.forms import CodeForm, RecoveryForm, refusal_html
from employers.accounts.phones import numbers
from employers.accounts.self_service import own_password
from employers.accounts.self_service.forms import FactorForm, SetUpForm, asked_of
from employers.accounts.self_service.fresh_code_views import fresh_code_first
from employers.accounts.self_service.passkey_views import passkey_site
from employers.accounts.self_service.required_factor import lacks_factor, requiring_platform
from employers.accounts.self_service.views import account_page, answer_factor
from employers.accounts.views import (
    ENTRY,
    private_response,
    proven_member_required,
    remember_browser,
    start_session,
    status_of,
    without_factor,
)
from employers.models import Member, SecondFactor
from employers.security import (
    devices,
    entry,
    lockout,
    passkeys,
    second_factor,
    sign_ins,
    throttle,
    totp,
)
from employers.security.backends import ADDRESS
from employers.security.cookies import set_cookie
from events.core.errors import Refused

PENDING: Final = "factor_pending"
"""Session key of the sealed secret that is being set up."""


@sensitive_post_parameters("code")
def second_step(request: HttpRequest) -> HttpResponseBase:
    """Ask for a code of the app or a recovery code, after a correct password."""
    now = timezone.now()
    began = entry.entry_in_session(request.session, ENTRY, entry.ENTRY_SECONDS, now)
    if began is None:
        messages.info(request, gettext("Enter your password first."))
        return redirect("employers:sign_in")
    form = (RecoveryForm if "recovery" in request.GET else CodeForm)(request.POST or None)
    if second_factor.second_factor_of(began.user) is None:  # it was reset meanwhile
        return private_response(_let_in(request, began, None))
    if request.method == "POST" and "credential" in request.POST:
        form = CodeForm()  # no code was typed
        try:
            factor = passkeys.answer_with_passkey(
                began.user, request.POST["credential"], passkey_site(), request.session, now
            )
        except Refused as refused:
            messages.error(request, refusal_html(refused))
        else:
            return private_response(_let_in(request, began, factor))
    elif request.method == "POST" and form.is_valid():
        try:
            factor = answer_factor(request, began.user, form.cleaned_data["code"], now)
        except Refused as refused:
            form.refuse(refused)
        else:
            return private_response(_let_in(request, began, factor))
    context = {
        "form": form,
        "by_recovery_code": isinstance(form, RecoveryForm),
        "email": began.user.email,
        "options": passkeys.options_to_answer(began.user, passkey_site(), request.session),
    }
    is_locked = form.has_error("code", "second_factor_locked")
    return private_response(
        render(
            request,
            "employers/second_step.html",
            context,
            status=429 if is_locked else status_of(form),
        )
    )


def _let_in(request: HttpRequest, began: entry.Entry, factor: SecondFactor | None) -> HttpResponse:
    """Sign in, in this browser, and go on to the page that the person came for."""
    user, response = began.user, redirect(began.goes_to)
    if began.by_phone:
        numbers.note_proof(user, began.at)
    login(request, user, backend=ADDRESS)
    request.session.pop(ENTRY, None)
    if factor:
        _know_browser(response, factor)
    return start_session(request, remember_browser(request, response, user), user)


def _know_browser(response: HttpResponse, factor: SecondFactor) -> None:
    """Exempt this browser from waits that others' failures for this factor cause."""
    known = lockout.browser_cookie(factor, secrets.token_urlsafe(12))
    set_cookie(response, lockout.BROWSER_COOKIE, known, throttle.KNOWN_SECONDS)


@sensitive_post_parameters("code", "current_password")
@proven_member_required
@without_factor
@fresh_code_first
def factor(request: HttpRequest, member: Member) -> HttpResponseBase:
    """Set up the second factor; later, renew its recovery codes or turn it off."""
    if member.user.email_verified_at is None:
        return private_response(render(request, "employers/account/factor_address.html"))
    if (existing := second_factor.second_factor_of(member.user)) is None:
        return _set_up(request, member)
    form = asked_of(FactorForm(request.POST or None), member.user)
    if request.method == "POST" and form.is_valid():
        now, typed, user = timezone.now(), form.cleaned_data, member.user
        try:
            own_password.check_own_password(
                user, typed.get("current_password", ""), request.session, now
            )
            answer_factor(request, user, typed["code"], now)
            if "turn-off" in request.POST:
                second_factor.turn_off(user, now)
            else:
                codes = second_factor.renew_recovery_codes(user, now)
        except Refused as refused:
            form.refuse(refused)
        else:
            if "turn-off" not in request.POST:
                return _recovery_codes(request, codes)
            messages.success(request, gettext("Two-step verification is off."))
            return redirect("employers:account")
    left = second_factor.recovery_codes_left(member.user)
    keys = [
        (key, devices.in_words(key.browser, key.system))
        for key in member.user.passkeys.order_by("added_at")
    ]
    return account_page(request, "factor", form, existing=existing, codes_left=left, passkeys=keys)


def _set_up(request: HttpRequest, member: Member) -> HttpResponseBase:
    user, now = member.user, timezone.now()
    secret = second_factor.pending_secret(user, request.session.get(PENDING, ""))
    request.session[PENDING] = second_factor.seal_secret(user, secret)
    form = asked_of(SetUpForm(request.POST or None), user)
    if request.method == "POST" and form.is_valid():
        try:
            own_password.check_own_password(
                user, form.cleaned_data.get("current_password", ""), request.session, now
            )
            made, codes = second_factor.enrol_second_factor(
                user, secret, form.cleaned_data["code"], None, now
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            del request.session[PENDING]
            sign_ins.end_others(user, request.session, now)
            response = _recovery_codes(request, codes)
            _know_browser(response, made)
            return response
    link = totp.provisioning_uri(secret, user.email, second_factor.ISSUER)
    return account_page(
        request,
        "factor_set_up",
        form,
        email=user.email,
        secret=second_factor.in_groups(secret),
        app_link=link,
        picture=totp.qr_data_url(link),
        requires=requiring_platform(member) if lacks_factor(request, member) else None,
    )


def _recovery_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    """Show recovery codes, once."""
    context = {"codes": [second_factor.in_groups(code) for code in codes]}
    response = render(request, "employers/account/recovery_codes.html", context)
    private_response(response)
    return response
