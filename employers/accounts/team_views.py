"""The pages on which colleagues are invited, join, change and leave."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.debug import sensitive_post_parameters

from employers.accounts import invitations, membership
from employers.accounts.forms import InviteForm, JoinForm, network_of, passwords_of, refusal_html
from employers.accounts.phones import invitations as phone_invitations
from employers.accounts.phones import numbers
from employers.accounts.phones.forms import CodeSentForm
from employers.accounts.phones.views import after_sending, asker_of, let_in, show_refusal, show_sent
from employers.accounts.self_service import own_password
from employers.accounts.self_service.fresh_code_views import fresh_code_first
from employers.accounts.views import (
    page_after,
    posted_or,
    private_response,
    proven_member_required,
    sign_in_by_password,
    site_links,
    status_of,
)
from employers.clock import now_of
from employers.models import Invitation, Member
from employers.security import throttle
from employers.security.one_time_codes import Purpose
from events.core.errors import Refused
from events.delivery.sms import sms_ready


@sensitive_post_parameters("password")
def join(request: HttpRequest, token: str) -> HttpResponseBase:
    try:
        invitation = invitations.read_invitation(token)
        invitations.check_open(invitation, now_of(invitation.employer))
    except Refused as refused:
        return _invitation_refused(request, refused)
    form = JoinForm(request.POST or None, email=invitation.email)
    if request.method == "POST" and form.is_valid():
        now, passwords = timezone.now(), passwords_of(request, invitation.email)
        try:
            throttle.count_try(passwords, now)
            member = invitations.accept_invitation(
                token,
                form.cleaned_data["password"],
                get_language() or "",
                now_of(invitation.employer),
            )
        except Refused as refused:
            if refused.code == "invitation_gone":
                return _invitation_refused(request, refused)
            form.refuse(refused)
        else:
            throttle.give_back_try(passwords, now)
            return sign_in_by_password(request, member.user)
    context = {"form": form, "employer": invitation.employer, "email": invitation.email}
    return private_response(render(request, "employers/join.html", context, status=status_of(form)))


@sensitive_post_parameters("code")
def join_by_phone(request: HttpRequest, key: str) -> HttpResponseBase:
    """Join with the code that is sent to the invited number."""
    now, form = timezone.now(), CodeSentForm(request.POST or None)
    try:
        invitation = phone_invitations.invited_number(key)
        invitations.check_open(invitation, now_of(invitation.employer))
    except Refused as refused:
        return _invitation_refused(request, refused)
    if request.method == "POST" and form.is_valid():
        asker, language = asker_of(request, None), get_language() or ""
        try:
            if form.asks_for_code:
                numbers.send_code(Purpose.JOIN, invitation.phone, language, asker, now)
                form.was_sent()
            else:
                typed = form.cleaned_data["code"]
                member = phone_invitations.join_by_number(invitation, typed, asker, language, now)
                return private_response(
                    let_in(request, member.user, page_after(request, member.user), now)
                )
        except Refused as refused:
            if refused.code == "invitation_gone":
                return _invitation_refused(request, refused)
            show_refusal(form, refused)
    if form.has_sent:
        return private_response(after_sending(request, form, now))
    show_sent(request, form, now)
    context = {"form": form, "employer": invitation.employer, "phone": invitation.contact}
    return private_response(
        render(request, "employers/join_by_phone.html", context, status=status_of(form))
    )


def _invitation_refused(request: HttpRequest, refused: Refused) -> HttpResponseBase:
    context = {"refused": refused, "invitation": True}
    return private_response(render(request, "employers/link_refused.html", context, status=410))


@proven_member_required
def team(request: HttpRequest, member: Member) -> HttpResponse:
    """Show the members and the open invitations. Owners of a verified company can also invite."""
    form = InviteForm(request.POST or None, by_phone=sms_ready())
    hindrance = invitations.may_invite(member)
    if request.method == "POST" and hindrance:  # the page has no form to show it beside
        messages.error(request, refusal_html(hindrance))
        return redirect("employers:team")
    if request.method == "POST" and form.is_valid():
        try:
            _send(request, member, form.cleaned_data["contact"])
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _sent_to(form.cleaned_data["contact"]))
            return redirect("employers:team")
    members = (
        member.employer.members.active().select_related("user__second_factor").order_by("joined_at")
    )
    is_owner = member.role == Member.MemberRole.OWNER
    context = {
        "form": form,
        "member": member,
        "members": members.order_by("joined_at"),
        "is_owner": is_owner,
        "invitations": _open_invitations(member) if is_owner else [],
        "hindrance": hindrance,
        "by_phone": sms_ready(),
        "has_phone": bool(member.user.phone_index or member.user.phone_vouched_at),
    }
    return render(request, "employers/team.html", context, status=status_of(form))


def _open_invitations(member: Member) -> list[tuple[Invitation, bool]]:
    """Return the open invitations, each with whether it can still be accepted."""
    now = now_of(member.employer)
    found = member.employer.invitations.open().select_related("inviter__user").order_by("-sent_at")
    rows = list(found)
    for invitation in rows:
        invitation.employer = invitation.inviter.employer = member.employer
    return [(invitation, invitations.is_live(invitation, now)) for invitation in rows]


def _sent_to(contact: str) -> str:
    if InviteForm.is_phone(contact):
        return gettext(
            "We've sent the invitation to %(number)s. If it doesn't arrive, use an email address."
        ) % {"number": contact}
    return gettext("We've sent the invitation to %(email)s.") % {"email": contact}


def _send(request: HttpRequest, member: Member, contact: str) -> None:
    """Invite the address or number, within the limits of the network and of messages to it. Raises
    Refused.
    """
    now, network = timezone.now(), network_of(request)
    is_phone = InviteForm.is_phone(contact)
    to = numbers.read_number(contact) if is_phone else contact.strip().lower()
    counted = (throttle.INVITATIONS_TO_ADDRESS, to)
    throttle.count_try([(throttle.INVITATIONS_FROM_NETWORK, network), counted], now)
    try:
        if is_phone:
            phone_invitations.invite_number(member, to, network, now_of(member.employer))
        else:
            invitations.invite_colleague(member, to, site_links(), now_of(member.employer))
    except Refused:
        throttle.give_back_try([counted], now)
        raise


def _done(request: HttpRequest, act: Callable[[], object], said: str) -> HttpResponse:
    """Do what an owner asked for, and go back to the team, where the outcome is shown."""
    try:
        act()
    except Refused as refused:
        messages.error(request, refusal_html(refused))
    else:
        messages.success(request, said)
    return redirect("employers:team")


def _check_password(request: HttpRequest, member: Member) -> None:
    """Raise Refused unless the form has the owner's own password: an open session of theirs is not
    enough for what gives away the company.
    """
    typed = request.POST.get("current_password", "")
    own_password.check_own_password(member.user, typed, request.session, timezone.now())


@posted_or("employers:team")
@proven_member_required
def invite_again(request: HttpRequest, member: Member, invitation_id: UUID) -> HttpResponse:
    try:
        invitation = invitations.to_send_again(member, invitation_id)
    except Refused as refused:
        messages.error(request, refusal_html(refused))
        return redirect("employers:team")
    to = invitation.email or invitation.phone
    return _done(request, lambda: _send(request, member, to), _sent_to(invitation.contact))


@posted_or("employers:team")
@proven_member_required
def withdraw_invitation(request: HttpRequest, member: Member, invitation_id: UUID) -> HttpResponse:
    now, said = (
        now_of(member.employer),
        gettext("The invitation is cancelled. Its link no longer works."),
    )
    return _done(request, lambda: invitations.cancel_invitation(member, invitation_id, now), said)


@sensitive_post_parameters("current_password")
@posted_or("employers:team")
@proven_member_required
@partial(fresh_code_first, home="employers:team")
def make_owner(request: HttpRequest, member: Member, member_id: UUID) -> HttpResponse:
    """Make a colleague an owner too, after the password."""

    def act() -> None:
        _check_password(request, member)
        membership.make_owner(member, member_id, now_of(member.employer))

    return _done(request, act, gettext("Your colleague is now an owner too."))


@sensitive_post_parameters("current_password")
@posted_or("employers:team")
@proven_member_required
@partial(fresh_code_first, home="employers:team")
def reset_factor(request: HttpRequest, member: Member, member_id: UUID) -> HttpResponse:
    """Remove the second factor of a colleague who has lost it, after the owner's password."""

    def act() -> None:
        _check_password(request, member)
        membership.reset_factor(member, member_id, timezone.now())

    said = gettext("Reset. Your colleague signs in with their password and can set it up again.")
    return _done(request, act, said)


@sensitive_post_parameters("current_password")
@posted_or("employers:team")
@proven_member_required
def remove_member(request: HttpRequest, member: Member, member_id: UUID) -> HttpResponseBase:
    """Remove a colleague, and another owner after the password."""
    owners = member.employer.members.active().filter(role=Member.MemberRole.OWNER)
    if member.role == Member.MemberRole.OWNER and owners.filter(pk=member_id).exists():
        return _remove_owner(request, member, member_id)
    return _remove(request, member, member_id)


@partial(fresh_code_first, home="employers:team")
def _remove_owner(request: HttpRequest, member: Member, member_id: UUID) -> HttpResponse:
    return _remove(request, member, member_id, check=_check_password)


def _remove(
    request: HttpRequest,
    member: Member,
    member_id: UUID,
    check: Callable[[HttpRequest, Member], None] = lambda request, member: None,
) -> HttpResponse:
    def act() -> None:
        check(request, member)
        membership.remove_member(member, member_id, now_of(member.employer))

    return _done(request, act, gettext("Your colleague no longer has access."))
