"""How does a recruiter arrive from their platform, and go back to it?"""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import translation
from django.views.decorators.http import require_safe

from employers.accounts import onboarding
from employers.accounts.views import links, member_required, private, remember_language, saw
from employers.clock import now_for
from employers.models import LinkPurpose, Member, OnboardingLink
from events.core.errors import Refused
from verification.pages.case_page import current_case
from verification.rules import states
from verification.rules.states import State

SESSION: Final = "onboarding"
"""In the session of whoever came by a link: its id, and the platform's name for the banner
(templates/base.html).
"""
SESSION_SECONDS: Final = 2 * 3600
HEARD: Final = states.STOPPED | {State.REJECTED}
"""What can be appealed against."""


def onboard(request: HttpRequest, token: str) -> HttpResponseBase:
    """GET shows one button and spends nothing; its POST signs the link's one member in, whoever was
    signed in here before.
    """
    try:
        if request.method != "POST":
            return _greet(request, onboarding.read_link(token, now_for))
        link = onboarding.spend_link(token, links(), now_for)
    except Refused as refused:
        return private(
            render(request, "verification/onboarding_gone.html", {"refused": refused}, status=410)
        )
    member = link.member
    logout(request)
    login(request, member.user, backend="django.contrib.auth.backends.ModelBackend")
    request.session[SESSION] = {"link": str(link.pk), "platform": link.client.name}
    request.session.set_expiry(SESSION_SECONDS)
    response = redirect(_destination(link.purpose, member))
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        remember_language(response, link.language)
    return private(saw(request, response, member.user))


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
        return private(render(request, "verification/onboarding.html", context))


def _destination(purpose: str, member: Member) -> str:
    """The page that the recruiter came for."""
    if purpose != LinkPurpose.APPEAL:
        return "verification:home"
    case = current_case(member)
    # What holds the downloads back is a room above this one; where nothing does, that page leads on
    # to the case.
    return (
        "verification:appeal"
        if case is not None and case.state in HEARD
        else "downloads:restriction"
    )


@require_safe
@member_required
def back(request: HttpRequest, member: Member) -> HttpResponse:
    """Back to the platform that the recruiter came from, with the state of the case and nothing
    else of them.
    """
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
    """The state as the platform is told it: that the machine is already at work on what was handed
    in is not its business.
    """
    case = current_case(member)
    if case is None:
        return State.DRAFT
    return State.SUBMITTED if case.state in states.IN_PROGRESS else case.state
