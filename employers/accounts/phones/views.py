"""Signing in with a number and a code, and what a browser keeps in its session for that."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.views import RedirectURLMixin
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import get_language, gettext
from django.views import View
from django.views.decorators.debug import sensitive_post_parameters

from employers.accounts import sightings
from employers.accounts.forms import network_of
from employers.accounts.phones import numbers
from employers.accounts.phones.forms import CodeSentForm, PhoneCodeForm
from employers.accounts.views import (
    ask_second_factor,
    private_response,
    remember_browser,
    start_session,
    status_of,
)
from employers.masking import masked_phone
from employers.models import User
from employers.security import devices, entry, one_time_codes, second_factor, throttle
from employers.security.backends import ADDRESS, is_vouched_only
from employers.security.cookies import read_cookie
from employers.security.one_time_codes import Purpose
from events.core.errors import Refused
from events.core.sealing import Damaged, KeyMissing, seal_text, unseal_text
from events.delivery.mail import queue_mail
from events.delivery.sms import sms_ready
from events.sms.texts import CODE_MINUTES

HOLDER: Final = "code_holder"
"""Session key of the random name of this browser, which its codes are bound to."""
PROVEN: Final = "proven_number"
"""Session key of the number that was proven here, and when. It is sealed."""
PROVEN_FOR: Final = timedelta(minutes=30)
"""How long a verified number waits for the rest of the registration."""
SOON: Final = timedelta(minutes=10)
"""A wait that is counted down in seconds."""
SENT: Final = "code_sent"
"""Session key of the page that a code was just sent from, the number as it was typed there, sealed,
and when.
"""
STALE_ENTRY: Final = "stale_number_entry"
"""Session key of the user who proved a number that was not used for long."""
SIGN_IN: Final = "employers:sign_in_by_phone"


# --- What the session keeps -----------------------------------------------------------------------


def asker_of(request: HttpRequest, subject: User | None) -> numbers.Asker:
    """Return who asks for a code in this browser. `subject` is the account that it is for."""
    if HOLDER not in request.session:
        request.session[HOLDER] = secrets.token_urlsafe(18)
    known = known_here(request, subject) if subject else ""
    return numbers.Asker(f"browser {request.session[HOLDER]}", network_of(request), known)


def known_here(request: HttpRequest, user: User) -> str:
    """Return the name of this browser if it has signed in to the account by phone, else ""."""
    return throttle.known_for(f"phone {user.pk}", read_cookie(request, throttle.KNOWN_COOKIE))


def keep_proven(request: HttpRequest, phone: str, now: datetime) -> None:
    """Keep in the session that this browser has proven a number."""
    request.session.cycle_key()
    request.session[PROVEN] = [seal_text(phone, PROVEN), now.isoformat()]


def proven_here(request: HttpRequest, now: datetime) -> str:
    """Return the number that this browser has just proven, or ""."""
    sealed, at = request.session.get(PROVEN, ("", ""))
    if not sealed or now - datetime.fromisoformat(at) > PROVEN_FOR:
        return ""
    try:
        return unseal_text(sealed, PROVEN)
    except (Damaged, KeyMissing):
        return ""


def after_sending(
    request: HttpRequest, form: CodeSentForm, now: datetime, query: str = ""
) -> HttpResponse:
    """Keep that a code was sent, and show the page anew: loading that once more sends none."""
    typed = str(form.data.get("phone", ""))
    request.session[SENT] = [request.path, seal_text(typed, SENT), now.isoformat()]
    return redirect(f"{request.path}?{query}" if query else request.get_full_path())


def show_sent(request: HttpRequest, form: CodeSentForm, now: datetime) -> None:
    """Show on the page's form what `after_sending` has kept."""
    path, sealed, at = request.session.get(SENT, ("", "", ""))
    if form.is_bound or path != request.path:
        return
    age = now - datetime.fromisoformat(at)
    if age > timedelta(minutes=CODE_MINUTES):
        return
    with suppress(Damaged, KeyMissing):
        form.initial["phone"] = unseal_text(sealed, SENT)
        form.was_sent(age)


# --- A form that proves a number ------------------------------------------------------------------


def proven_by(
    request: HttpRequest, form: PhoneCodeForm, purpose: Purpose, asker: numbers.Asker, now: datetime
) -> str:
    """Send the code that the form asks for, or check the one that was typed. Return the number once
    it is proven, else "".
    """
    if request.method != "POST" or not form.is_valid():
        return ""
    typed = form.cleaned_data
    try:
        phone = numbers.read_number(typed["phone"])
        if form.asks_for_code:
            language = get_language() or ""
            numbers.send_code(purpose, phone, language, asker, now)
            form.was_sent()
            return ""
        numbers.check_code(purpose, phone, typed["code"], asker, now)
    except Refused as refused:
        show_refusal(form, refused)
        return ""
    request.session.pop(SENT, None)
    return phone


def show_refusal(form: CodeSentForm, refused: Refused) -> None:
    """Show the refusal. If another code may be sent soon, show beside the code when."""
    seconds = int(refused.details.get("seconds", 0))
    if 0 < seconds < SOON.total_seconds():
        form.wait, refused = seconds, replace(refused, field="code")
    form.refuse(refused)


class PhoneSignIn(RedirectURLMixin, View):
    """Sign-in with a number and a code. For a number without an account, one is opened."""

    next_page = "verification:home"
    registers = False
    """Whether this is the first page of a registration. The only difference is what it says."""

    @method_decorator(sensitive_post_parameters("phone", "code"))
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not sms_ready():
            return redirect("employers:register" if self.registers else "employers:sign_in")
        if request.user.is_authenticated and not is_vouched_only(request):
            return redirect(self.get_success_url())
        now, form = timezone.now(), PhoneCodeForm(request.POST or None)
        account = _named(form)
        asker = asker_of(request, account) if request.method == "POST" else numbers.Asker("")
        begins_anew = "register" in request.POST
        if phone := (
            proven_here(request, now)
            if begins_anew
            else proven_by(request, form, Purpose.ENTER, asker, now)
        ):
            try:
                if begins_anew:
                    return private_response(open_account(request, phone, now))
                return private_response(
                    sign_in_by_phone(request, phone, self.get_success_url(), now)
                )
            except Refused as refused:
                form.refuse(refused)
        following = self.get_redirect_url()
        if form.has_sent:
            query = urlencode({"next": following}) if following else ""
            return private_response(after_sending(request, form, now, query))
        show_sent(request, form, now)
        context = {"form": form, "next": following, "registers": self.registers}
        return private_response(
            render(request, "employers/sign_in_by_phone.html", context, status=status_of(form))
        )


def _named(form: PhoneCodeForm) -> User | None:
    """Return the account of the number that was typed, whose own browsers have their own counts."""
    try:
        return numbers.account_of(numbers.read_number(str(form.data.get("phone", ""))))
    except Refused:
        return None


def sign_in_by_phone(request: HttpRequest, phone: str, goes_to: str, now: datetime) -> HttpResponse:
    """Sign in to the account of a number that was just proven, or open one.

    A second factor that the account has is asked first. If the number may be somebody else's by
    now, so is a code by mail. Who has left a company chooses first whether to register another.
    Raises Refused `too_many_tries`.
    """
    user = numbers.account_of(phone)
    if user is None and numbers.has_left(phone, now):
        keep_proven(request, phone, now)
        return render(request, "employers/no_company.html", {"by_phone": True}, status=403)
    if user is None:
        return open_account(request, phone, now)
    if numbers.needs_more(user, now):
        keep_proven(request, phone, now)
        entry.remember_entry(request.session, STALE_ENTRY, user, goes_to, now)
        return redirect("employers:sign_in_stale")
    return let_in(request, user, goes_to, now)


def open_account(request: HttpRequest, phone: str, now: datetime) -> HttpResponse:
    """Open an account for a number that was just proven, and go on to its company. Raises Refused
    `too_many_tries`, and as `numbers.open_account` does.
    """
    throttle.count_try([(throttle.REGISTRATIONS_FROM_NETWORK, network_of(request))], now)
    user = numbers.open_account(phone, get_language() or "", now)
    for key in (PROVEN, STALE_ENTRY):
        request.session.pop(key, None)
    return _begin(request, user, "verification:home")


def let_in(request: HttpRequest, user: User, goes_to: str, now: datetime) -> HttpResponse:
    """Sign in, after the second factor if there is one."""
    request.session.pop(PROVEN, None)
    if second_factor.second_factor_of(user):
        return ask_second_factor(request, user, goes_to, by_phone=True)
    if user.email_verified_at is not None and not known_here(request, user):
        _tell_of_sign_in(request, user, now)
    numbers.note_proof(user, now)
    return _begin(request, user, goes_to)


def _begin(request: HttpRequest, user: User, goes_to: str) -> HttpResponse:
    login(request, user, backend=ADDRESS)
    return start_session(request, remember_browser(request, redirect(goes_to), user), user)


def _tell_of_sign_in(request: HttpRequest, user: User, now: datetime) -> None:
    """Mail the owner that a number alone opened their account in a new browser: a thief may have
    got another card for it.
    """
    device = devices.in_words(*devices.named_in(request.headers.get("User-Agent", "")))
    at = timezone.localtime(now).isoformat(timespec="minutes")
    context = {"device": device, "at": at, "path": reverse("employers:sessions")}
    queue_mail(user.email, "phone_sign_in", user.language, context, now)


@sensitive_post_parameters("code")
def stale(request: HttpRequest) -> HttpResponseBase:
    """Ask for a code by mail too, because the number was not used here for long and may have been
    given to somebody else. Whoever has it now may register with it instead.
    """
    now = timezone.now()
    began = entry.entry_in_session(request.session, STALE_ENTRY, entry.ENTRY_SECONDS, now)
    if began is None:
        messages.info(request, gettext("Enter your number and the code first."))
        return redirect(SIGN_IN)
    user, form = began.user, CodeSentForm(request.POST or None)
    if "register" in request.POST and (phone := proven_here(request, now)):
        try:
            return private_response(open_account(request, phone, now))
        except Refused as refused:
            form.is_valid()
            form.refuse(refused)
    elif user.email_verified_at is not None and request.method == "POST" and form.is_valid():
        asker = asker_of(request, user)
        try:
            if form.asks_for_code:
                numbers.mail_code(Purpose.ENTER, user, asker, now)
                form.was_sent()
            else:
                one_time_codes.check_code(
                    Purpose.ENTER,
                    user.email,
                    form.cleaned_data["code"],
                    now,
                    holder=asker.holder,
                    known=asker.known,
                )
                del request.session[STALE_ENTRY]
                return private_response(let_in(request, user, began.goes_to, now))
        except Refused as refused:
            show_refusal(form, refused)
    context = {
        "form": form,
        "has_address": user.email_verified_at is not None,
        "phone": masked_phone(sightings.phone_of(user)),
    }
    return private_response(
        render(request, "employers/sign_in_stale.html", context, status=status_of(form))
    )
