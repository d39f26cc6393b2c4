"""Tests that recruiters on the exclusion list are held for a reviewer when they join an approved
employer, or are seen with something excluded later.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from config.rounds import ROUTES, beat_schedule
from downloads.relays import callers
from employers.accounts import invitations, membership, sightings
from employers.accounts.enrolling import add_member
from employers.accounts.phones import numbers
from employers.accounts.sightings import seal_phone
from employers.accounts.views import site_links
from employers.models import Member, SightingKind
from events.core.errors import Refused
from events.models import Event, Mail
from tests.downloads.gate.test_quotas import ask_all
from tests.employers.accounts.account_pages import invitation, text
from tests.factories import (
    PLATFORM,
    make_api_client,
    make_case,
    make_colleague,
    make_employer,
    make_link,
    make_member,
    make_reviewer,
    sign_in,
)
from verification.checks import exclusion_list
from verification.models import Case, CheckRun, Exclusion, ExclusionKind, MemberReview
from verification.reviewing import member_reviews
from verification.rules.states import State
from verification.tasks import review_member

pytestmark = pytest.mark.django_db
ADDRESS, PHONE, DEVICE = "thief@example.com", "+8613800138000", "a-device"
VALUES = {ExclusionKind.PHONE: PHONE, ExclusionKind.DEVICE: DEVICE, ExclusionKind.EMAIL: ADDRESS}


@pytest.fixture
def now() -> datetime:
    """The pages use the real clock."""
    return timezone.now()


@pytest.fixture
def owner(now: datetime) -> Member:
    """The owner of an approved company."""
    made = make_member(now, make_employer(now, confirmed_at=now))
    make_case(made, now, State.APPROVED)
    return made


def exclude(kind: str, value: str, now: datetime) -> Exclusion:
    if kind != ExclusionKind.DEVICE:
        return exclusion_list.add_exclusion(kind, value, "sold resumes", make_reviewer(now), now)
    digest = sightings.sighting_indexes(SightingKind.DEVICE, value)[0]
    listed: Exclusion = Exclusion.objects.create(
        kind=kind, value=digest, shown="…", why="x", added_by=make_reviewer(now), added_at=now
    )
    return listed


def colleague_of(owner: Member, now: datetime, address: str = "") -> Member:
    return make_member(now, owner.employer, role="recruiter", email=address)


def answer_to(member: Member, now: datetime) -> str:
    make_link(member, PLATFORM, now)
    (why,) = ask_all(member, ["a"], now, PLATFORM)
    return why


def test_an_excluded_address_that_joins_by_invitation_is_held_and_a_reviewer_is_asked(
    owner: Member, now: datetime
) -> None:
    listed = exclude(ExclusionKind.EMAIL, ADDRESS, now)
    invitations.invite_colleague(owner, ADDRESS, site_links(), now)
    link = invitation(ADDRESS)
    assert Client().post(link, {"password": "a sentence nobody knows"}).status_code == 302
    thief = Member.objects.get(user__email=ADDRESS)
    review = MemberReview.objects.open().get(member=thief)
    assert list(review.exclusions.all()) == [listed] and thief.held_at is not None
    assert answer_to(thief, now) == "member_in_review"
    assert answer_to(owner, now) == "", "colleagues are not affected"
    page = text(sign_in(thief.user).get("/case/", headers={"accept-language": "en"}))
    assert "We are checking this recruiter" in page and "exclu" not in page.lower()
    assert "in review" in text(sign_in(owner.user).get("/team/", headers={"accept-language": "en"}))


def test_one_that_a_platform_adds_is_held_too(now: datetime) -> None:
    api_client, _ = make_api_client(now)
    employer = make_employer(now, confirmed_at=now, platform=api_client)
    make_case(make_member(now, employer), now, State.APPROVED)
    exclude(ExclusionKind.EMAIL, ADDRESS, now)
    added = add_member(
        api_client,
        employer,
        reference="r-1",
        email=ADDRESS,
        role="recruiter",
        language="en",
        now=now,
    )
    assert MemberReview.objects.open().filter(member=added).exists()


@pytest.mark.parametrize("kind", [ExclusionKind.PHONE, ExclusionKind.DEVICE])
def test_who_is_seen_with_something_excluded_is_held(
    kind: ExclusionKind, owner: Member, now: datetime
) -> None:
    exclude(kind, VALUES[kind], now)
    colleague = colleague_of(owner, now)
    assert answer_to(colleague, now) == ""
    sightings.record_sighting(colleague.user, now, phone=PHONE, device=DEVICE)
    review_member(str(colleague.user_id))  # notified after the commit
    assert answer_to(colleague, now) == "member_in_review"


@pytest.mark.parametrize("kind", [ExclusionKind.PHONE, ExclusionKind.DEVICE, ExclusionKind.EMAIL])
def test_who_is_excluded_later_is_found_by_the_round(
    kind: ExclusionKind, owner: Member, now: datetime
) -> None:
    colleague = colleague_of(owner, now, ADDRESS)
    sightings.record_sighting(colleague.user, now, phone=PHONE, device=DEVICE)
    exclude(kind, VALUES[kind], now)
    assert member_reviews.find_excluded(now) == 1
    assert answer_to(colleague, now) == "member_in_review" and answer_to(owner, now) == ""
    assert member_reviews.find_excluded(now) == 1, "one open question, however often it runs"
    task = "verification.tasks.find_excluded_members"
    assert task in beat_schedule(60, 60).__str__() and task in ROUTES


def test_what_matched_when_the_case_was_approved_is_not_asked_again(
    owner: Member, now: datetime
) -> None:
    listed = exclude(ExclusionKind.EMAIL, owner.user.email, now)
    case = Case.objects.get(employer=owner.employer)
    attempt = case.attempts.create(number=1, submitted_at=now, due_at=now)
    CheckRun.objects.create(
        attempt=attempt,
        code="exclusion",
        version="1",
        observation={"hits": [{"kind": "email", "exclusion": str(listed.pk), "shown": "o***"}]},
        findings=[],
        started_at=now,
        finished_at=now,
    )
    assert member_reviews.find_excluded(now) == 0
    exclude(ExclusionKind.PHONE, PHONE, now)
    sightings.record_sighting(owner.user, now, phone=PHONE)
    assert member_reviews.find_excluded(now) == 1


def test_nobody_is_held_whose_employer_is_not_approved_or_only_a_test(
    owner: Member, now: datetime
) -> None:
    exclude(ExclusionKind.EMAIL, ADDRESS, now)
    alone = make_member(now, make_employer(now), email=ADDRESS)
    assert member_reviews.hold_if_excluded(alone, now) is None
    exclude(ExclusionKind.EMAIL, "other@example.com", now)
    test = make_employer(now, test=True, confirmed_at=now)
    within = make_member(now, test, email="other@example.com")
    make_case(within, now, State.APPROVED)
    assert member_reviews.hold_if_excluded(within, now) is None
    assert member_reviews.find_excluded(now) == 0


@pytest.fixture
def held(owner: Member, now: datetime) -> Member:
    member = colleague_of(owner, now, ADDRESS)
    member.user.phone_sealed, member.user.phone_vouched_at = seal_phone(PHONE), now
    member.user.save()
    exclude(ExclusionKind.EMAIL, ADDRESS, now)
    member_reviews.find_excluded(now)
    member.refresh_from_db()
    return member


def test_a_reviewer_lets_them_in_once_and_for_these_matches_only(
    held: Member, owner: Member, now: datetime
) -> None:
    assert held not in callers.callers_of(held.employer_id)
    reviewer = make_colleague(now, "Reviewers")
    review = MemberReview.objects.get()
    with pytest.raises(Refused, match="reason_required"):
        member_reviews.decide_member(review.pk, True, " ", reviewer, now)
    member_reviews.decide_member(review.pk, True, "another person's old address", reviewer, now)
    with pytest.raises(Refused, match="state_conflict"):
        member_reviews.decide_member(review.pk, False, "no", reviewer, now)
    held.refresh_from_db()
    assert held.held_at is None and answer_to(held, now) == ""
    assert held in callers.callers_of(held.employer_id)
    assert Mail.objects.get(template="member_let_in").to == ADDRESS
    assert member_reviews.find_excluded(now) == 0, "what was decided is not asked again"
    exclude(ExclusionKind.PHONE, PHONE, now)
    sightings.record_sighting(held.user, now, phone=PHONE)
    assert member_reviews.find_excluded(now + timedelta(hours=1)) == 1
    verbs = Event.objects.filter(employer_id=held.employer_id).values_list("verb", flat=True)
    assert list(verbs).count("hold_member") == 2 and "let_member_in" in verbs


def test_a_reviewer_ends_the_membership_but_not_of_the_only_owner(
    held: Member, owner: Member, now: datetime
) -> None:
    reviewer = make_colleague(now, "Reviewers")
    member_reviews.decide_member(MemberReview.objects.get().pk, False, "sold", reviewer, now)
    held.refresh_from_db()
    assert held.left_at == now and answer_to(held, now) == "member_unknown"
    assert Mail.objects.filter(template="member_removed", to=ADDRESS).exists()

    exclude(ExclusionKind.EMAIL, owner.user.email, now)
    member_reviews.find_excluded(now)
    review = MemberReview.objects.open().get()
    with pytest.raises(Refused, match="last_owner_held"):
        member_reviews.decide_member(review.pk, False, "sold", reviewer, now)
    assert MemberReview.objects.open().filter(pk=review.pk).exists()


def test_a_held_owner_lets_nobody_in(owner: Member, now: datetime) -> None:
    colleague = colleague_of(owner, now)
    invitations.invite_colleague(owner, ADDRESS, site_links(), now)
    exclude(ExclusionKind.EMAIL, owner.user.email, now)
    assert member_reviews.find_excluded(now) == 1
    owner = Member.objects.get(pk=owner.pk)
    for act in (
        lambda: invitations.invite_colleague(owner, "other@example.com", site_links(), now),
        lambda: membership.make_owner(owner, colleague.pk, now),
        lambda: membership.remove_member(owner, colleague.pk, now),
        lambda: membership.reset_factor(owner, colleague.pk, now),
    ):
        with pytest.raises(Refused, match="member_in_review"):
            act()
    assert Client().get(invitation(ADDRESS)).status_code == 410, "nor by one sent before"


def test_who_was_removed_and_joins_again_is_held_only_by_what_is_still_listed(
    held: Member, owner: Member, now: datetime
) -> None:
    listed, reviewer = Exclusion.objects.get(), make_colleague(now, "Reviewers")
    for is_lifted in (False, True):
        review = MemberReview.objects.open().get()
        member_reviews.decide_member(review.pk, False, "sold", reviewer, now)
        if is_lifted:
            exclusion_list.lift_exclusion(listed.pk, reviewer, now)
        now += timedelta(seconds=5)
        invitations.invite_colleague(owner, ADDRESS, site_links(), now)
        token = invitation(ADDRESS).strip("/").split("/")[-1]
        again = invitations.accept_invitation(token, "a sentence", "en", now)
        again.refresh_from_db()
        assert (again.pk, again.held_at is None) == (held.pk, is_lifted)
        assert MemberReview.objects.open().exists() is not is_lifted


def test_who_was_removed_and_comes_back_by_number_is_held_by_what_is_known_of_the_old_account(
    held: Member, owner: Member, now: datetime
) -> None:
    sightings.record_sighting(held.user, now, phone=PHONE)
    review = MemberReview.objects.open().get()
    member_reviews.decide_member(review.pk, False, "sold", make_colleague(now, "Reviewers"), now)
    user = numbers.open_account(PHONE, "en", now)
    again = Member.objects.create(
        user=user, employer=owner.employer, role=Member.MemberRole.RECRUITER, joined_at=now
    )
    membership.record_joining(again, now)
    again.refresh_from_db()
    assert again.pk != held.pk and again.held_at is not None
    assert MemberReview.objects.open().get().member == again


def test_who_leaves_during_the_review_and_joins_again_is_held_still(
    held: Member, owner: Member, now: datetime
) -> None:
    membership.remove_member(owner, held.pk, now)
    invitations.invite_colleague(owner, ADDRESS, site_links(), now + timedelta(seconds=1))
    token = invitation(ADDRESS).strip("/").split("/")[-1]
    again = invitations.accept_invitation(token, "a sentence", "en", now + timedelta(seconds=2))
    again.refresh_from_db()
    assert again.held_at is not None and MemberReview.objects.open().count() == 1


def test_the_console_lists_them_and_only_reviewers_decide(held: Member, now: datetime) -> None:
    review = MemberReview.objects.get()
    page = f"/console/verification/memberreview/{review.pk}/change/"
    decide = f"/console/verification/memberreview/{review.pk}/decide/"
    reviewer = sign_in(make_colleague(now, "Reviewers"))
    english = {"accept-language": "en"}
    assert "t***@example.com" in text(reviewer.get(page, headers=english))
    assert "May this recruiter download resumes?" in text(reviewer.get(page, headers=english))
    auditor = sign_in(make_colleague(now, "Auditors"))
    assert auditor.post(decide, {"decision": "let_in", "why": "fine"}).status_code == 403
    assert reviewer.post(decide, {"decision": "let_in"}).headers["Location"] == page
    assert MemberReview.objects.open().exists(), "a reason is required"
    done = reviewer.post(decide, {"decision": "let_in", "why": "another person"})
    assert done.headers["Location"] == "/console/verification/memberreview/"
    assert not MemberReview.objects.open().exists()
