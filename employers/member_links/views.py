"""The page on which recruiters see, make and end the links with their recruitment sites."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext

from employers.accounts import return_urls
from employers.accounts.forms import refusal_html
from employers.accounts.views import FOLLOWING, posted_or, proven_member_required
from employers.clock import now_of
from employers.member_links import operations
from employers.models import ApiClient, Member, MemberLink
from events.core.errors import Refused


@proven_member_required
def sites(request: HttpRequest, member: Member) -> HttpResponse:
    """Show the sites that the member has linked, and to owners also those of colleagues."""
    links = list(
        MemberLink.objects.in_force()
        .filter(employer=member.employer)
        .select_related("client", "member__user")
        .order_by("client__name", "linked_at")
    )
    own = [link for link in links if link.member_id == member.pk]
    is_owner = member.role == Member.MemberRole.OWNER
    linked = {link.client_id for link in own}
    context = {
        "member": member,
        "may_link": operations.may_link(member),
        "own": own,
        "of_colleagues": [link for link in links if is_owner and link.member_id != member.pk],
        "others": ApiClient.objects.filter(test=False, revoked_at=None)
        .exclude(pk__in=linked)
        .order_by("name"),
    }
    return render(request, "employers/sites.html", context)


def also_after_registration(
    view: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Show this page to those who have to register first, when they have."""

    @wraps(view)
    def inner(request: HttpRequest) -> HttpResponseBase:
        if request.method == "GET" and not request.user.is_authenticated:
            request.session[FOLLOWING] = request.get_full_path()
        return view(request)

    return inner


@also_after_registration
@proven_member_required
def link(request: HttpRequest, member: Member) -> HttpResponseBase:
    """Ask whether to link a site, and link it. A site sends its recruiters here, with its ID in
    `platform` and the address to come back to in `return_url`.
    """
    given = request.POST or request.GET
    url = given.get("return_url", "")
    try:
        client = operations.linkable_platform(given.get("platform", ""))
        if url and not return_urls.is_registered_return_url(client.return_urls, url):
            raise Refused("return_url_unknown", "return_url")
        if not operations.may_link(member):
            return redirect("member_links:sites")
        if request.method != "POST" or "confirmed" not in request.POST:
            return render(request, "employers/link_site.html", {"client": client, "url": url})
        made = operations.link_member(member, client.pk, now_of(member.employer))
    except Refused as refused:
        context = {"refused": refused, "of_site": True}
        return render(request, "employers/link_refused.html", context, status=422)
    if url:
        # A page with a link, because browsers refuse to follow a form to another site.
        code = operations.make_code(made, now_of(member.employer))
        back = return_urls.with_query(url, {"zizhi_code": code})
        return render(request, "employers/site_linked.html", {"client": client, "back": back})
    messages.success(request, gettext("%(site)s is linked.") % {"site": client.name})
    return redirect("member_links:sites")


@posted_or("member_links:sites")
@proven_member_required
def end(request: HttpRequest, member: Member, link_id: UUID) -> HttpResponse:
    try:
        ended = operations.end_link(member, link_id, now_of(member.employer))
    except Refused as refused:
        messages.error(request, refusal_html(refused))
    else:
        if ended is not None:
            messages.success(request, _ended(ended, member))
    return redirect("member_links:sites")


def _ended(ended: MemberLink, member: Member) -> str:
    """Say that a link has ended, with the way to make one's own again."""
    again: str = ""
    if ended.member_id == member.pk:
        address = f"{reverse('member_links:link')}?{urlencode({'platform': str(ended.client_id)})}"
        again = format_html('<a href="{}">{}</a>', address, gettext("Link it again"))
    said = gettext("{site} can no longer ask about this account. {again}")
    return format_html(said, site=ended.client.name, again=again)
