"""Recruiters of approved employers who are on the exclusion list.

A case is checked with the people that the employer has when it is submitted. Who joins later, by an
invitation or by a platform's key, or is seen later with an excluded device, phone or address, is
held: the gate refuses them, and a reviewer decides. Colleagues are not affected. A name alone never
holds anybody, because accounts have none. What a person has already decided is not asked again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import Q, QuerySet

from employers.accounts import membership
from employers.models import Member, Sighting, SightingKind, User
from employers.notices import tell_user
from events.core.actor import SYSTEM
from events.core.errors import Refused
from events.core.sealing import forms_of
from events.models import record
from verification.checks import exclusion_list
from verification.checks.exclusion import Excluded
from verification.models import Case, CheckRun, Exclusion, ExclusionKind, MemberReview

AT_ONCE: Final = 500
"""How many identifiers one query looks up."""


def hold_if_excluded(member: Member, now: datetime) -> MemberReview | None:
    """Hold an active member of an approved employer if they match the exclusion list, and ask the
    reviewers. Return the open review, or None if nobody need be asked.

    Call it again at any time: it opens one review and adds matches that were found since.
    """
    employer = member.employer
    if employer.test or employer.made_for_id or member.left_at is not None:
        return None
    if not Case.objects.real().in_force(now).filter(employer=employer).exists():
        return None  # the case's own check covers everybody who is there when it is submitted
    known = exclusion_list.known_by_accounts(_accounts_of(member))
    matches = exclusion_list.in_force(dict(known))
    if not matches or not (news := _not_decided(member, matches)):
        return None
    with transaction.atomic():
        locked = Member.objects.select_for_update(of=("self",)).get(pk=member.pk)
        if locked.left_at is not None:
            return None
        review, is_new = MemberReview.objects.open().get_or_create(
            member=locked, defaults={"opened_at": now}
        )
        review.exclusions.add(*news)
        if locked.held_at is None:  # also of an open review: they left, and came back
            locked.held_at = now
            locked.save(update_fields=["held_at"])
        if is_new:
            data = {"member": str(member.pk), "review": str(review.pk)}
            record("hold_member", employer, SYSTEM, now, employer_id=employer.pk, data=data)
    return review


def _accounts_of(member: Member) -> QuerySet[User]:
    """Return the member's account, and those of former colleagues that had the same number: a
    person who comes back by number has a new account.
    """
    numbers = Sighting.objects.filter(user=member.user_id, kind=SightingKind.PHONE).values("digest")
    former = Member.objects.filter(
        employer=member.employer_id,
        left_at__isnull=False,
        user__sightings__kind=SightingKind.PHONE,
        user__sightings__digest__in=numbers,
    )
    return User.objects.filter(Q(pk=member.user_id) | Q(pk__in=former.values("user")))


def _not_decided(member: Member, matches: Iterable[Exclusion]) -> list[Exclusion]:
    """Return the matches that nobody has decided about: neither with a case of the employer, nor
    for this member.
    """
    runs = CheckRun.objects.filter(attempt__case__employer=member.employer_id, code=Excluded.code)
    decided = {hit["exclusion"] for run in runs for hit in run.observation.get("hits", ())}
    decided |= {
        str(pk)
        for pk in MemberReview.objects.filter(member=member, let_in=True).values_list(
            "exclusions", flat=True
        )
    }
    return [match for match in matches if str(match.pk) not in decided]


def open_lately() -> int:
    """Return the number of open reviews, cached so that it costs a page nothing."""
    seconds = settings.QUEUE_FIGURES_SECONDS
    count = MemberReview.objects.open().count
    many: Any = cache.get_or_set("verification.member_reviews", count, seconds)
    return int(many)


def decide_member(
    review_id: UUID, let_in: bool, why: str, reviewer: User, now: datetime
) -> MemberReview:
    """Let the member in, or end the membership, and tell them by mail.

    Raises Refused: `reason_required`; `state_conflict` if it was decided meanwhile;
    `last_owner_held` for the only owner, who cannot be removed: decide about the employer's case
    instead.
    """
    if not why.strip():
        raise Refused("reason_required", "why")
    if not reviewer.has_perm("verification.change_case"):
        raise Refused("not_allowed")
    review = MemberReview.objects.select_related("member").get(pk=review_id)
    with transaction.atomic():
        # Links before the member: the gate locks them in this order.
        if not let_in:
            membership.end_links_of(review.member_id, review.member.employer_id, now)
        member = (
            Member.objects.select_for_update(of=("self",))
            .select_related("user", "employer")
            .get(pk=review.member_id)
        )
        review = MemberReview.objects.select_for_update(of=("self",)).get(pk=review_id)
        if review.decided_at is not None:
            raise Refused("state_conflict")
        actor = reviewer.as_reviewer()
        review.decided_at, review.decided_by = now, reviewer
        review.let_in, review.why = let_in, why.strip()
        review.save()
        if let_in:
            member.held_at = None
            member.save(update_fields=["held_at"])
            data = {"member": str(member.pk), "review": str(review.pk)}
            employer = member.employer
            record("let_member_in", employer, actor, now, employer_id=employer.pk, data=data)
            if member.left_at is None:
                company = {"company": employer.name}
                tell_user(member.user, "member_let_in", company, now)
        elif member.left_at is None:
            _check_another_owner(member)
            membership.end_membership(member, actor, now)
            membership.tell_removed(member, now)
    return review


def _check_another_owner(member: Member) -> None:
    """Raise Refused `last_owner_held` if the company would have no owner left."""
    owners = Member.objects.active().filter(
        employer=member.employer_id, role=Member.MemberRole.OWNER
    )
    if not owners.exclude(pk=member.pk).exists():
        raise Refused("last_owner_held")


def find_excluded(now: datetime) -> int:
    """Hold the members of approved employers who match the list by now: seen since with an excluded
    phone or device, or excluded since. Return how many reviews are open afterwards.
    """
    listed = Exclusion.objects.filter(lifted_at=None, kind__in=exclusion_list.OF_ACCOUNTS)
    matches = _seen_with(listed) | _with_address(listed)
    approved = Case.objects.real().in_force(now)
    members = Member.objects.active().filter(
        held_at=None, user__in=matches, employer__in=approved.values("employer")
    )
    for member in members.select_related("employer"):
        hold_if_excluded(member, now)
    return MemberReview.objects.open().count()


def _seen_with(listed: Iterable[Exclusion]) -> set[UUID]:
    """Return the accounts that were seen with a listed phone or device."""
    digests = sorted(
        {
            form
            for entry in listed
            if entry.kind in exclusion_list.SEEN
            for form in forms_of(entry.value)
        }
    )
    asked = (digests[start : start + AT_ONCE] for start in range(0, len(digests), AT_ONCE))
    return {
        user
        for some in asked
        for user in Sighting.objects.filter(
            kind__in=exclusion_list.SEEN, digest__in=some
        ).values_list("user", flat=True)
    }


def _with_address(listed: Iterable[Exclusion]) -> set[UUID]:
    """Return the accounts with a listed address. Only its index is stored, so that of each account
    is computed.
    """
    forms = {
        form
        for entry in listed
        if entry.kind == ExclusionKind.EMAIL
        for form in forms_of(entry.value)
    }
    if not forms:
        return set()
    accounts = User.objects.filter(member__isnull=False, member__left_at=None)
    return {
        pk
        for pk, address in accounts.values_list("pk", "email").iterator()
        if not forms.isdisjoint(exclusion_list.email_indexes(address))
    }
