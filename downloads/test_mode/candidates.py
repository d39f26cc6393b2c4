"""Scripted candidates for platforms' tests.

Each reference has its own wishes, recorded by the same operations as real ones. A candidate who
answers at once gives the answer that they would give on our page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Q

from downloads.candidates import consents, erasure, operations, texts
from downloads.models import CandidateText, ConsentRequest, Mode
from employers.models import ApiClient, Employer
from events.core.actor import Actor, Role
from events.core.reasons import REASONS, Text


@dataclass(frozen=True)
class Recipe:
    """A candidate's reference, how they want to be asked, and what happens."""

    reference: str
    mode: str
    says: Text
    agrees: bool | None = None
    """Their immediate answer when asked; None for no answer."""
    blocks: bool = False
    """Whether they block every employer that the test has when they are set up."""


RECIPES: Final = (
    Recipe(
        "try-told",
        Mode.TELL_AFTER,
        Text("允许下载，并告知求职者", "The download is allowed, and the candidate is notified"),
    ),
    Recipe("try-asked", Mode.ASK_FIRST, REASONS["candidate_no_consent"].says),
    Recipe(
        "try-agrees",
        Mode.ASK_FIRST,
        Text("征求同意时立即同意", "Agrees at once when asked for consent"),
        agrees=True,
    ),
    Recipe(
        "try-refuses",
        Mode.ASK_FIRST,
        Text("征求同意时立即拒绝", "Refuses at once when asked for consent"),
        agrees=False,
    ),
    Recipe("try-closed", Mode.CLOSED, REASONS["candidate_closed"].says),
    Recipe("try-blocks", Mode.TELL_AFTER, REASONS["candidate_blocked_employer"].says, blocks=True),
)
"""By the candidate's reference. Never rename them: platforms' own tests use them."""
_BY_REFERENCE: Final = {recipe.reference: recipe for recipe in RECIPES}


def lay_out(client: ApiClient, now: datetime) -> None:
    """Set up each scripted candidate as its recipe says, whatever happened in an earlier test."""
    employers = dict(
        Employer.objects.filter(platform=client, test=True).values_list("uscc", "name")[
            : operations.MOST_BLOCKED
        ]
    )
    for recipe in RECIPES:
        told = operations.Told(
            recipe.mode,
            email=f"{recipe.reference}@candidate.test",
            blocked=employers if recipe.blocks else {},
        )
        operations.put_candidate(client, recipe.reference, told, now)


def answer_at_once(request: ConsentRequest, client: ApiClient, now: datetime) -> ConsentRequest:
    """In a test, give the scripted candidate's answer instead of waiting for a person."""
    recipe = _BY_REFERENCE.get(request.candidate.reference)
    if (
        not client.test
        or recipe is None
        or recipe.agrees is None
        or request.answered_at is not None
    ):
        return request
    return consents.answer_consent_request(
        request.pk, recipe.agrees, Actor(Role.CANDIDATE, str(request.candidate_id)), now
    )


def mails_to_candidates(client: ApiClient) -> Q:
    """Return a filter for the mails to the candidates of this platform's test.

    Tests share addresses, so each mail names its candidate's platform.
    """
    return Q(context__platform=str(client.pk))


def catch_up(client: ApiClient, clock: Callable[[], datetime]) -> None:
    """Do the work that is due for candidates in this platform's test.

    Outside of a test there is nothing to do.
    """
    if client.test:
        erasure.remind_of_erasure(clock(), client)
        of_test = CandidateText.objects.filter(candidate__client_id=client.pk)
        for text_id in list(of_test.due(clock()).values_list("pk", flat=True)):
            texts.work_on_text(text_id, clock)
