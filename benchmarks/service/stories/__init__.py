"""Stories of employers whose truth is known: honest ones, and each attack that a document or a
register can reveal.

A story is one employer, or a few that belong together. Its number seeds everything in it. Only the
summary knows the truth.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from benchmarks.service.applicants import Outcome
from benchmarks.service.stories.borrowed_licences import (
    borrowed,
    borrowed_of_a_customer,
    excluded_picture,
    excluded_returns,
    kit,
    one_device,
    owner_after_a_thief,
    proof_of_another,
    vouch_ring,
)
from benchmarks.service.stories.edited_licences import (
    edited_character,
    edited_code,
    edited_digit,
    edited_name,
    edited_person,
    foreign_qr,
    forged_qr,
    in_an_editor,
    named_editor,
)
from benchmarks.service.stories.false_companies import (
    agency_approval_for_licence,
    agency_borrowed_licence,
    agency_drawn_letter,
    agency_drawn_licence,
    agency_expired,
    agency_scope_hidden,
    agency_unlicensed,
    agency_well_drawn_letter,
    invented,
    invented_old,
    invented_with_account,
    nominee,
    not_in_order,
)
from benchmarks.service.stories.honest import HONEST
from benchmarks.service.stories.pieces import EDITS, STEP, Story

ATTACKS: Final[tuple[Story, ...]] = (
    edited_digit,
    edited_code,
    edited_name,
    edited_character,
    edited_person,
    in_an_editor("retyped_digit"),
    in_an_editor("copied_digit"),
    in_an_editor("pasted_field"),
    in_an_editor("painted_over"),
    in_an_editor("recaptured"),
    *(in_an_editor(attack, reads_mail=True) for attack in EDITS),
    forged_qr,
    nominee,
    borrowed("free mail"),
    borrowed("look-alike domain"),
    borrowed("a drawn letter"),
    borrowed("another's bank account"),
    borrowed("another's e-licence"),
    borrowed_of_a_customer,
    proof_of_another,
    vouch_ring,
    kit,
    one_device,
    excluded_returns,
    invented,
    invented_with_account,
    invented_old,
    not_in_order("吊销"),
    not_in_order("注销"),
    not_in_order("迁出"),
    not_in_order("存续", "abnormal_list"),
    not_in_order("存续", "serious_violation_list"),
    agency_unlicensed,
    agency_scope_hidden,
    agency_expired,
    agency_borrowed_licence,
    agency_drawn_licence,
    agency_drawn_letter,
    agency_well_drawn_letter,
    agency_approval_for_licence,
    named_editor,
    foreign_qr,
    excluded_picture,
    owner_after_a_thief,
)
"""Each is equally frequent."""
SHARE_HONEST: Final = 0.55


def planned(seed: int, count: int) -> Iterator[tuple[str, int, int]]:
    """Return the stories for at least `count` employers: `honest` or `attack`, the index in that
    table, and the number.
    """
    honest = [index for index, (_, weight) in enumerate(HONEST) for _ in range(weight)]
    first, number = seed * 1_000_000, 0
    wanted = round(count * SHARE_HONEST)
    for at in range(wanted):
        # Spread over the table, so that a small count covers many ways.
        yield "honest", honest[at * 17 % len(honest)], first + number * STEP + at % 10
        number += 1
    several = {"kit": 3, "one_device": 4, "excluded_returns": 2, "borrowed_of_a_customer": 2}
    left, at = count - wanted, 0
    while left > 0:
        story = ATTACKS[at % len(ATTACKS)]
        yield "attack", at % len(ATTACKS), first + number * STEP + at // len(ATTACKS)
        left -= several.get(getattr(story, "__name__", ""), 1)
        number, at = number + 1, at + 1


def told(which: str, index: int, number: int) -> list[Outcome]:
    """Run one story."""
    story = HONEST[index][0] if which == "honest" else ATTACKS[index]
    return story(number)
