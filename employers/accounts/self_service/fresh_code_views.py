"""The page on which an account without password enters a fresh code, and what leads there."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters

from employers.accounts.forms import network_of
from employers.accounts.phones.forms import CodeSentForm
from employers.accounts.phones.views import SENT, after_sending, show_refusal, show_sent
from employers.accounts.self_service import fresh_code
from employers.accounts.views import (
    private_response,
    proven_member_required,
    status_of,
    without_factor,
)
from employers.masking import masked_phone
from employers.models import Member
from events.core.errors import Refused

P = ParamSpec("P")
HOME: Final = "employers:account"


def fresh_code_first(
    view: Callable[Concatenate[HttpRequest, Member, P], HttpResponseBase], home: str = HOME
) -> Callable[Concatenate[HttpRequest, Member, P], HttpResponseBase]:
    """Let an account without password enter a code first, in place of the password that `view` asks
    others for. What was posted is not kept: they come back to `home`.
    """

    @wraps(view)
    def inner(
        request: HttpRequest, member: Member, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponseBase:
        user = member.user
        if user.has_usable_password() or fresh_code.is_fresh(user, request.session, timezone.now()):
            return view(request, member, *args, **kwargs)
        following = request.get_full_path() if request.method == "GET" else reverse(home)
        return redirect(f"{reverse('employers:fresh_code')}?{urlencode({'next': following})}")

    return inner


@sensitive_post_parameters("code")
@proven_member_required
@without_factor
def enter_fresh_code(request: HttpRequest, member: Member) -> HttpResponseBase:
    """Ask for a fresh code, and go back to the page that needs it."""
    user, now, form = member.user, timezone.now(), CodeSentForm(request.POST or None)
    following = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(following, {request.get_host()}, request.is_secure()):
        following = reverse(HOME)
    if request.method == "POST" and form.is_valid():
        try:
            if form.asks_for_code:
                fresh_code.send_fresh_code(user, request.session, network_of(request), now)
                form.was_sent()
                return private_response(after_sending(request, form, now))
            else:
                fresh_code.accept_fresh_code(user, request.session, form.cleaned_data["code"], now)
                request.session.pop(SENT, None)
                return redirect(following)
        except Refused as refused:
            show_refusal(form, refused)
    show_sent(request, form, now)
    to = masked_phone(user.phone) if fresh_code.goes_to_phone(user) else user.email
    context = {"form": form, "to": to, "by_phone": fresh_code.goes_to_phone(user)}
    page = render(request, "employers/account/fresh_code.html", context, status=status_of(form))
    return private_response(page)
