"""The pages on which people leave their company or delete their account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters

from employers.accounts.self_service import leaving, own_password
from employers.accounts.self_service.forms import GoodbyeForm, asked_of
from employers.accounts.self_service.fresh_code_views import fresh_code_first
from employers.accounts.self_service.views import account_page
from employers.accounts.views import proven_member_required, without_factor
from employers.models import Member
from events.core.errors import Refused


@sensitive_post_parameters("current_password")
@proven_member_required
@without_factor
@fresh_code_first
def leave(request: HttpRequest, member: Member) -> HttpResponseBase:
    """Leave the company, after the password."""
    said = gettext("You have left the company, and your account is closed.")
    return _goodbye(request, member, leaving.leave_company, said, deletes=False)


@sensitive_post_parameters("current_password")
@proven_member_required
@without_factor
@fresh_code_first
def delete(request: HttpRequest, member: Member) -> HttpResponseBase:
    """Delete the account, after the password."""
    return _goodbye(
        request, member, leaving.delete_account, gettext("Your account is deleted."), deletes=True
    )


def _goodbye(
    request: HttpRequest,
    member: Member,
    act: Callable[[Member, datetime], None],
    said: str,
    *,
    deletes: bool,
) -> HttpResponseBase:
    form = asked_of(GoodbyeForm(request.POST or None), member.user)
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        try:
            own_password.check_own_password(
                member.user, form.cleaned_data.get("current_password", ""), request.session, now
            )
            act(member, now)
        except Refused as refused:
            form.refuse(refused)
        else:
            logout(request)
            messages.success(request, said)
            return redirect("employers:welcome")
    why_not = leaving.hindrance_to_leaving(member, deletes=deletes)
    page = "delete" if deletes else "leave"
    return account_page(request, page, form, hindrance=why_not, member=member)
