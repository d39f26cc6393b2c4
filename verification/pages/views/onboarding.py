"""Views for recruiters who come from their platform, and go back to it."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from employers.accounts import onboarding, registration
from employers.accounts.views import (
    member_required,
    private_response,
    remember_language,
    site_links,
    start_session,
)
from employers.clock import now_for, now_of
from employers.models import LinkPurpose, Member, OnboardingLink
from employers.security import throttle
from employers.security.backends import ONBOARDING
from events.core.errors import Refused
from verification.pages.case_page import current_case
from verification.rules import states
from verification.rules.states import State

SESSION: Final = "onboarding"
"""Session key for recruiters who came by a link: the link's id, and the platform's name for the
banner (templates/base.html).
"""
SESSION_SECONDS: Final = 2 * 3600
HEARD: Final = states.STOPPED | {State.REJECTED}
"""States in which a case can be appealed."""


def onboard(request: HttpRequest, token: str) -> HttpResponseBase:
    """Sign in by an onboarding link.

    GET shows one button and does not use up the link. POST signs in the link's member and signs out
    any other user.
    """
    try:
        if request.method != "POST":
            return _greet(request, onboarding.read_link(token, now_for))
        link = onboarding.spend_link(token, now_for)
    except Refused as refused:
        return private_response(
            render(request, "verification/onboarding_gone.html", {"refused": refused}, status=410)
        )
    member = link.member
    _ask_to_confirm(member)
    logout(request)
    login(request, member.user, backend=ONBOARDING)
    request.session[SESSION] = {"link": str(link.pk), "platform": link.client.name}
    request.session.set_expiry(SESSION_SECONDS)
    response = redirect(_destination(link.purpose, member))
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        remember_language(response, link.language)
    return private_response(start_session(request, response, member.user))


def _ask_to_confirm(member: Member) -> None:
    """Mail the link to confirm the address, now that the recruiter expects it. Not many times, as
    the platform may have named a stranger's address.
    """
    if member.user.email_verified_at is None:
        counted = (throttle.MAILS_TO_ADDRESS, f"onboarding {member.user.email}")
        try:
            throttle.count_try([counted], timezone.now())
        except Refused:
            return  # the page offers to send it again later
        registration.send_verification(member.user, site_links(), now_of(member.employer))


def _greet(request: HttpRequest, link: OnboardingLink) -> HttpResponseBase:
    language = (
        translation.get_language()
        if settings.LANGUAGE_COOKIE_NAME in request.COOKIES
        else link.language
    )
    context = {
        "platform": link.client.name,
        "company": link.member.employer.name,
        "purpose": link.purpose,
    }
    with translation.override(language):
        return private_response(render(request, "verification/onboarding.html", context))


def _destination(purpose: str, member: Member) -> str:
    """Return the page that the recruiter came for."""
    if purpose != LinkPurpose.APPEAL:
        return "verification:home"
    case = current_case(member)
    # Restrictions on downloads belong to a package above this one. Without a restriction, that page
    # leads to the case.
    return (
        "verification:appeal"
        if case is not None and case.state in HEARD
        else "downloads:restriction"
    )


@require_safe
@member_required
def back(request: HttpRequest, member: Member) -> HttpResponse:
    """Redirect to the recruiter's platform, with the state of the case and nothing else."""
    came = request.session.get(SESSION)
    mine = OnboardingLink.objects.select_related("client", "member").filter(member=member)
    found = mine.filter(pk=came["link"]).first() if came else None
    address = onboarding.address_back(found, _told(member)) if found else None
    if address is None:
        return redirect("verification:home")
    response = HttpResponse(status=302)
    response["Location"] = address
    return response


def _told(member: Member) -> str:
    """Return the state that the platform may know, which does not say that checks are running."""
    case = current_case(member)
    if case is None:
        return State.DRAFT
    return State.SUBMITTED if case.state in states.IN_PROGRESS else case.state
