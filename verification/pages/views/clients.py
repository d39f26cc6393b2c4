"""Views on which an agency names the client of a letter, corrects or ends it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext

from employers.accounts.views import member_required, posted_or, proven_member_required
from employers.clock import now_of
from employers.models import Member
from events.core.errors import Refused
from verification.intake import client_letters
from verification.models import ClientAuthorisation, DocumentKind
from verification.pages.case_page import case_page_context
from verification.pages.client_rows import client_line
from verification.pages.forms import ClientForm
from verification.pages.requirement_rows import item_of_kind
from verification.pages.views.case import case_or_404, refused_at_home
from verification.pages.views.documents import own_document

KIND = DocumentKind.CLIENT_AUTHORIZATION


def _to_clients() -> HttpResponse:
    return redirect(reverse("verification:home") + f"#requirement-{item_of_kind(KIND)}")


@member_required
def client(request: HttpRequest, member: Member, document_id: UUID) -> HttpResponse:
    """GET: return the letter's row, which the page polls while the letter is read.

    POST: save the client of the letter; a refused form keeps its input.
    """
    document, now = own_document(member, document_id), now_of(member.employer)
    if request.method != "POST":
        if "HX-Request" not in request.headers or document.kind != KIND:
            return redirect("verification:home")
        status = next(
            (
                s
                for s in client_letters.letter_statuses(document.case, now)
                if s.document.pk == document.pk
            ),
            None,
        )
        return render(
            request,
            "verification/documents/_client_state.html",
            {"document": document, "line": client_line(document, status)},
        )
    form = ClientForm.of(document.pk, {}, request.POST)
    if form.is_valid():
        said = form.cleaned_data
        try:
            client_letters.add_client(
                document.pk,
                member.as_actor(),
                now,
                name=said["company"],
                uscc=said["uscc"],
                valid_until=said["valid_until"],
            )
        except Refused as refused:
            if refused.code == "state_conflict":
                return refused_at_home(request, refused)
            form.refuse(refused)
        else:
            messages.success(request, gettext("Saved."))
            return _to_clients()
    shown = case_page_context(
        member, case_or_404(member), now, frozenset({document.kind}), (document.pk, form)
    )
    return render(request, "verification/home.html", shown, status=422)


@posted_or("verification:home")
@proven_member_required
def end(request: HttpRequest, member: Member, document_id: UUID) -> HttpResponse:
    """End the agency's work for the client; a letter without a declared client is removed."""
    document, now = own_document(member, document_id), now_of(member.employer)
    named = ClientAuthorisation.objects.filter(document=document).first()
    try:
        if named is not None:
            client_letters.end_client(named.pk, member.as_actor(), now)
        elif document.kind == KIND:
            client_letters.drop_letter(document.pk, member.as_actor(), now)
    except Refused as refused:
        return refused_at_home(request, refused)
    messages.success(request, gettext("Ended.") if named else gettext("Removed."))
    return _to_clients()
