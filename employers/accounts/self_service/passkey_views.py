"""The pages that add and remove one's own passkeys."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters

from employers.accounts.forms import refusal_html
from employers.accounts.self_service import own_password
from employers.accounts.self_service.forms import PasskeyForm, asked_of
from employers.accounts.self_service.fresh_code_views import fresh_code_first
from employers.accounts.self_service.views import account_page, answer_factor
from employers.accounts.views import posted_or, proven_member_required
from employers.models import Member
from employers.security import passkeys, second_factor
from events.core.errors import Refused

BACK = "employers:second_factor"


def passkey_site() -> passkeys.Site:
    return passkeys.Site(settings.SITE_URL)


@sensitive_post_parameters("code", "current_password")
@proven_member_required
@fresh_code_first
def add_passkey(request: HttpRequest, member: Member) -> HttpResponseBase:
    """Add a passkey, after the password and a code of the second factor, which must be set up."""
    user, now = member.user, timezone.now()
    if second_factor.second_factor_of(user) is None:
        return redirect(BACK)
    form = asked_of(PasskeyForm(request.POST or None), user)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            own_password.check_own_password(
                user, typed.get("current_password", ""), request.session, now
            )
            answer_factor(request, user, typed["code"], now)
            agent = request.headers.get("User-Agent", "")
            passkeys.register_passkey(
                user, typed["credential"], passkey_site(), request.session, agent, now
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, gettext("Your passkey is added."))
            return redirect(BACK)
    options = passkeys.options_to_add(user, passkey_site(), request.session)
    return account_page(request, "passkey", form, options=options, email=user.email)


@sensitive_post_parameters("current_password")
@posted_or(BACK)
@proven_member_required
@partial(fresh_code_first, home=BACK)
def remove_passkey(request: HttpRequest, member: Member, passkey_id: UUID) -> HttpResponse:
    """Remove a passkey, after the password."""
    user, now = member.user, timezone.now()
    try:
        own_password.check_own_password(
            user, request.POST.get("current_password", ""), request.session, now
        )
    except Refused as refused:
        messages.error(request, refusal_html(refused))
    else:
        passkeys.delete_passkey(user, passkey_id, now)
        messages.success(request, gettext("The passkey is removed."))
    return redirect(BACK)
