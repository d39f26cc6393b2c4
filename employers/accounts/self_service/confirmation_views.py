"""The pages on which a new account's address is confirmed, by the mailed code or link."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters

from employers.accounts import registration
from employers.accounts.forms import MailedCodeForm, refusal_html
from employers.accounts.views import (
    posted_or,
    private_response,
    remember_browser,
    site_links,
    status_of,
)
from employers.models import Member, User
from employers.security import throttle
from events.core.errors import Refused

RESEND_SECONDS = 60
"""The first mail may still be on its way, so no second one is sent within this time."""


@sensitive_post_parameters("code")
@login_required
def await_address(request: HttpRequest) -> HttpResponseBase:
    """Ask for the code in the mail. If the link is opened elsewhere meanwhile, the page goes on by
    itself: it polls, and is answered as soon as the address is confirmed.
    """
    user, now = request.user, timezone.now()
    assert isinstance(user, User)
    if (
        not user.email
        or user.email_verified_at is not None
        or Member.objects.active().filter(user=user).exists()
    ):
        return private_response(_goes_on(request))
    if "HX-Request" in request.headers:
        return private_response(HttpResponse(status=204))
    form = MailedCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = registration.confirm_with_code(user, form.cleaned_data["code"], now)
        except Refused as refused:
            form.refuse(refused)
        else:
            return private_response(remember_browser(request, _goes_on(request), user))
    context = {"form": form, "email": user.email}
    return private_response(
        render(request, "employers/await_address.html", context, status=status_of(form))
    )


def _goes_on(request: HttpRequest) -> HttpResponse:
    if "HX-Request" in request.headers:
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("verification:home")})
    return redirect("verification:home")


def verify_email(request: HttpRequest, token: str) -> HttpResponseBase:
    """Let the signed-in user confirm.

    The link alone confirms nothing: mail filters open links, and the reader of the mail may not be
    the person who registered with the address.
    """
    seconds, user = settings.EMAIL_VERIFICATION_TIMEOUT, request.user
    try:
        email = registration.read_verification(token, seconds)
        if not isinstance(user, User):
            return private_response(
                render(request, "employers/verify_email_sign_in.html", {"email": email})
            )
        if user.email != email:
            raise Refused("link_of_other_account")
        if request.method != "POST":
            context = {"email": email, "company": registration.company_of(user)}
            return private_response(render(request, "employers/verify_email.html", context))
        user = registration.verify_email(token, user, seconds, timezone.now())
    except Refused as refused:
        return private_response(
            render(request, "employers/link_refused.html", {"refused": refused}, status=410)
        )
    messages.success(request, gettext("Your email address is confirmed."))
    return remember_browser(request, redirect("verification:home"), user)


@posted_or("verification:home")
@login_required
def resend_verification(request: HttpRequest) -> HttpResponse:
    user, now = request.user, timezone.now()
    assert isinstance(user, User)
    if not user.email:  # registered with a number alone
        return redirect("verification:home")
    last_sent = request.session.get("verification_sent_at", 0.0)
    if user.email_verified_at is None and now.timestamp() - last_sent >= RESEND_SECONDS:
        try:
            # Counted by account, so that strangers' requests for the same address do not block
            # this.
            throttle.count_try([(throttle.MAILS_TO_ADDRESS, f"confirm {user.pk}")], now)
        except Refused as refused:
            messages.error(request, refusal_html(refused))
            return redirect("verification:home")
        registration.send_verification(user, site_links(), now)
        request.session["verification_sent_at"] = now.timestamp()
    messages.success(
        request, gettext("We've sent the email. It can take a minute. Check your spam folder too.")
    )
    return redirect("verification:home")
