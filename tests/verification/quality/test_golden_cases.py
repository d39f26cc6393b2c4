"""Does a golden case come and go as it should, and can nobody tell it from another?"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from documents.licence.read import read_pages
from employers.accounts.sightings import masked_phone, phone_of, seal_phone
from employers.models import ApiClient, Employer, Scope, User
from employers.permissions import Power
from events.core.errors import Refused
from events.models import Event, Mail
from tests.browser import cases
from tests.factories import make_api_client, make_case, make_colleague, make_member
from tests.verification.reviewing.test_second_review import at_once
from tests.verification.rules.test_working_hours import settings_with
from tests.verification.staff import LEAD, SENIOR, make_staff, waiting
from verification.cases import decisions, turnaround
from verification.checks import exclusion_list
from verification.checks.duplicates import Duplicates
from verification.decision import replay
from verification.decision.pipeline import subject_of
from verification.models import (
    Case,
    CheckRun,
    Decision,
    Document,
    DocumentPage,
    Exclusion,
    GoldenCase,
    GoldenKind,
    GoldenTurn,
    Ruling,
    RulingOutcome,
    SecondReview,
    Statement,
)
from verification.quality import golden_assignment, golden_cases, golden_specimens
from verification.reviewing import (
    claims,
    hold_and_escalate,
    queue_figures,
    reason_choices,
    related_cases,
    rulings,
)
from verification.rules import policy
from verification.rules.findings import Finding, Severity
from verification.rules.states import State

pytestmark = pytest.mark.django_db
LATER = timedelta(seconds=30)
Made = Callable[..., GoldenCase]


def ruled(
    case: Case,
    reviewer: User,
    now: datetime,
    verb: str = "reject",
    codes: tuple[str, ...] = ("name_mismatch",),
) -> Ruling:
    """What this reviewer ruled, claimed before and carried out."""
    case = claims.claim(case.pk, reviewer, now)
    ruling = rulings.decide(
        case.pk,
        verb,
        reviewer,
        now,
        codes if verb != "approve" else (),
        "",
        seen_version=case.version,
    )
    rulings.carry_out(ruling.pk, now + LATER)
    ruling.refresh_from_db()
    return ruling


def decided(now: datetime, seed: int = 3, by: User | None = None, verb: str = "reject") -> Case:
    """A real case of a fictitious company, decided by a person."""
    case = cases.waiting(now, seed, 5)
    member = case.employer.members.get()
    member.user.phone_sealed = seal_phone("+8613912345678")
    member.user.email = f"zhang.san{seed}@{member.user.email.rpartition('@')[2]}"
    member.user.save()
    Statement.objects.create(
        document=case.documents.get(), field="name", read="甲", said="乙", by=member.user, at=now
    )
    ruled(case, by or make_staff(now, Power.DECIDE), now, verb)
    case.refresh_from_db()
    return case


@pytest.fixture
def lead(now: datetime) -> User:
    return make_staff(now, *LEAD)


@pytest.fixture
def reviewer(now: datetime) -> User:
    return make_colleague(now, "Reviewers")


@pytest.fixture
def kept(now: datetime, lead: User) -> Made:
    def made(seed: int = 3, verb: str = "reject") -> GoldenCase:
        return golden_cases.keep(
            decided(now, seed, verb=verb).pk,
            verb,
            ["name_mismatch"] if verb != "approve" else [],
            lead,
            now,
        )

    return made


@pytest.fixture
def planted(now: datetime, kept: Made, reviewer: User) -> Case:
    return golden_assignment.plant(kept(), reviewer, now)


# --- Kept -----------------------------------------------------------------------------------------


class TestKeeping:
    def test_what_is_kept_is_of_nobody_and_hangs_on_nothing(
        self, now: datetime, lead: User
    ) -> None:
        case = decided(now)
        page = DocumentPage.objects.get(document__case=case)
        made = golden_cases.keep(case.pk, "reject", ["name_mismatch"], lead, now)
        (file,) = golden_cases.files_of(made.recipe)
        assert (
            file != page.image.name
            and default_storage.open(file).read() == page.image.open("rb").read()
        )
        text = str(made.recipe)
        for known in (case.pk, case.employer_id, case.submitted_by_id, "zhang.san", "13912345678"):
            assert str(known) not in text
        assert made.agrees("reject", ["name_mismatch", "uscc_invalid"]) and not made.agrees(
            "reject", []
        )

    @pytest.mark.parametrize("state", sorted(State))
    def test_only_what_a_person_has_decided_for_good(
        self, state: State, now: datetime, lead: User
    ) -> None:
        case = make_case(make_member(now), now, state)
        assert golden_cases.may_keep(case, lead.as_reviewer()) is not None, "nobody has decided it"
        by = make_staff(now, Power.DECIDE)
        Decision.objects.create(
            case=case,
            attempt_number=1,
            verb="approve",
            decided_by=by,
            policy_version="1",
            decided_at=now,
        )
        may = golden_cases.may_keep(case, lead.as_reviewer()) is None
        assert may is (
            state in {State.APPROVED, State.EXPIRED, State.REJECTED, State.CHANGES_REQUESTED}
        )

    def test_not_while_an_appeal_waits(self, now: datetime, lead: User) -> None:
        case = decided(now)
        case.appeals.create(verb="ask_person", text="请人工看看", by=case.submitted_by, at=now)
        with pytest.raises(Refused, match="golden_undecided"):
            golden_cases.keep(case.pk, "reject", [], lead, now)

    @pytest.mark.parametrize(
        ("check", "code"),
        [
            ("duplicates", "duplicate_same_image"),
            ("exclusion", "duplicate_excluded"),
            ("registry", "registry_revoked"),
        ],
    )
    def test_not_what_rests_on_others_nor_what_no_reviewer_gets(
        self, check: str, code: str, now: datetime, lead: User
    ) -> None:
        case = decided(now)
        found = Finding(check, code, Severity.CONCERN).as_json()
        attempt = case.attempts.get()
        CheckRun.objects.create(
            attempt=attempt,
            code=check,
            version="1",
            findings=[found],
            started_at=now,
            finished_at=now,
        )
        with pytest.raises(Refused, match="golden_not_alone"):
            golden_cases.keep(case.pk, "reject", [], lead, now)

    def test_what_a_check_saw_of_others_is_left_out(
        self, now: datetime, lead: User, reviewer: User
    ) -> None:
        case = decided(now)
        other = waiting(now)
        seen = {
            "near_same": [{"case": str(other.pk)}],
            "same_uscc": [str(other.employer_id)],
            "young_of_person": 2,
        }
        CheckRun.objects.create(
            attempt=case.attempts.get(),
            code="duplicates",
            version="3",
            observation=seen,
            findings=[],
            started_at=now,
            finished_at=now,
        )
        copy = golden_assignment.plant(
            golden_cases.keep(case.pk, "reject", [], lead, now), reviewer, now
        )
        run = CheckRun.objects.get(attempt__case=copy, code="duplicates")
        assert run.observation == {"near_same": [], "same_uscc": [], "young_of_person": 0}
        assert [found.code for found in run.as_findings()] == ["no_duplicate"]

    def test_once_and_by_leads_alone(self, now: datetime, lead: User) -> None:
        case = decided(now)
        with pytest.raises(Refused, match="not_allowed"):
            golden_cases.keep(case.pk, "reject", [], make_staff(now, *SENIOR), now)
        with pytest.raises(Refused, match="not_allowed"):
            golden_cases.keep(case.pk, "suspend", [], lead, now)
        golden_cases.keep(case.pk, "reject", [], lead, now)
        with pytest.raises(Refused, match="golden_kept"):
            golden_cases.keep(case.pk, "reject", [], lead, now)


class TestItsEnd:
    def test_a_retired_one_leaves_nothing_but_its_figures(
        self, now: datetime, lead: User, kept: Made, reviewer: User
    ) -> None:
        made = kept()
        copy = golden_assignment.plant(made, reviewer, now)
        ruled(copy, reviewer, now)
        (file,) = golden_cases.files_of(made.recipe)
        with pytest.raises(Refused, match="not_allowed"):
            golden_cases.retire(made.pk, reviewer, now)
        golden_cases.retire(made.pk, lead, now)
        made.refresh_from_db()
        assert (made.recipe, made.known_to, made.kept_from, made.name) == ({}, [], None, "")
        assert not DocumentPage.objects.filter(document__case=copy).exists()
        assert GoldenTurn.objects.get().right is True
        assert not golden_assignment._unknown_to(make_staff(now, Power.DECIDE))
        assert file

    @pytest.mark.django_db(transaction=True)
    def test_its_files_go_and_the_originals_stay(self, now: datetime) -> None:
        lead, case = make_staff(now, *LEAD), decided(now)
        made = golden_cases.keep(case.pk, "reject", [], lead, now)
        (file,) = golden_cases.files_of(made.recipe)
        golden_cases.retire(made.pk, lead, now)
        assert not default_storage.exists(file)
        assert default_storage.exists(DocumentPage.objects.get(document__case=case).image.name)

    def test_after_its_days(self, now: datetime, kept: Made, settings: Any) -> None:
        settings.GOLDEN_DAYS = 10
        kept()
        assert golden_cases.retire_due(now + timedelta(days=9)) == 0
        assert golden_cases.retire_due(now + timedelta(days=10)) == 1
        assert golden_cases.retire_due(now + timedelta(days=11)) == 0

    def test_not_under_the_hands_of_a_reviewer(
        self, now: datetime, lead: User, planted: Case, reviewer: User
    ) -> None:
        claims.claim(planted.pk, reviewer, now)
        made = golden_cases.retire(GoldenCase.objects.get().pk, lead, now)
        assert made.retired_at and made.recipe, "it waits until they are done"
        assert Case.objects.shown_to(str(reviewer.pk)).filter(pk=planted.pk).exists()
        golden_cases.erase_retired(now + timedelta(hours=1))
        assert GoldenCase.objects.get().recipe == {}
        assert not Case.objects.shown_to(str(reviewer.pk)).filter(pk=planted.pk).exists()

    def test_what_is_never_decided_goes_from_sight(
        self, now: datetime, planted: Case, reviewer: User
    ) -> None:
        assert golden_assignment.lapse_due(now + timedelta(days=6)) == 0
        claims.claim(planted.pk, reviewer, now + timedelta(days=7))
        assert golden_assignment.lapse_due(now + timedelta(days=7)) == 0
        hold_and_escalate.escalate(planted.pk, reviewer, now + timedelta(days=7), "不会")
        assert golden_assignment.lapse_due(now + timedelta(days=7)) == 1
        assert claims.claim_next(reviewer, now + timedelta(days=7)) is None


# --- Given ----------------------------------------------------------------------------------------


class TestGiving:
    @pytest.fixture(autouse=True)
    def always(self, settings: Any) -> None:
        settings.GOLDEN_SHARE = 1.0

    def test_after_a_ruling_one_that_they_do_not_know(
        self, now: datetime, kept: Made, reviewer: User
    ) -> None:
        made = kept()
        Ruling.objects.all().delete()
        assert golden_assignment.give_due(now) == 0, "nobody has ruled on anything"
        ruled(waiting(now), reviewer, now, "approve")
        assert golden_assignment.give_due(now) == 1
        assert golden_assignment.give_due(now) == 0, "one for a ruling"
        turn = GoldenTurn.objects.get()
        assert (turn.golden, turn.reviewer, turn.case.golden) == (made, reviewer, True)
        ruled(waiting(now), reviewer, now + timedelta(minutes=1), "approve")
        assert golden_assignment.give_due(now + timedelta(minutes=2)) == 0, (
            "there is none that they have not had"
        )

    def test_a_golden_one_draws_no_other_and_an_undone_ruling_none(
        self, now: datetime, kept: Made, reviewer: User
    ) -> None:
        kept(3)
        kept(4)
        Ruling.objects.all().delete()
        case = claims.claim(waiting(now).pk, reviewer, now)
        ruling = rulings.decide(case.pk, "approve", reviewer, now, (), "", seen_version=0)
        rulings.undo(ruling.pk, reviewer, now)
        assert golden_assignment.give_due(now) == 0
        ruled(
            golden_assignment.plant(GoldenCase.objects.earliest("pk"), reviewer, now),
            reviewer,
            now + LATER,
        )
        assert golden_assignment.give_due(now + LATER) == 0

    def test_one_that_is_no_case_any_more_keeps_nobody_from_theirs(
        self, now: datetime, kept: Made, reviewer: User
    ) -> None:
        made, other = kept(3), make_staff(now, Power.DECIDE)
        Ruling.objects.all().delete()
        recipe = made.recipe | {"documents": []}
        GoldenCase.objects.filter(pk=made.pk).update(recipe=recipe, known_to=[str(other.pk)])
        golden_cases.put(kept(4).recipe, "kept", "reject", [], now, known_to=[str(reviewer.pk)])
        GoldenCase.objects.filter(kept_from__isnull=False).exclude(pk=made.pk).delete()
        Ruling.objects.all().delete()
        for person in (reviewer, other):
            ruled(waiting(now), person, now, "approve")
        assert golden_assignment.give_due(now) == 1 and GoldenTurn.objects.get().reviewer == other
        assert Case.objects.filter(golden=True).count() == 1, "of the other nothing is left behind"

    def test_not_to_those_who_read_the_answers(self, now: datetime, kept: Made, lead: User) -> None:
        kept()
        other = make_staff(now, *LEAD)
        ruled(waiting(now), other, now, "approve")
        assert golden_assignment.give_due(now) == 0

    def test_the_share_is_what_it_says(self, settings: Any) -> None:
        settings.GOLDEN_SHARE = 0.2
        drawn = sum(golden_assignment.draws(number) for number in range(4000))
        assert 0.17 < drawn / (4000 + drawn) < 0.23
        settings.GOLDEN_SHARE = 0.0
        assert not any(golden_assignment.draws(number) for number in range(4000))

    def test_nobody_foresees_it_without_the_key(self, settings: Any) -> None:
        settings.GOLDEN_SHARE = 0.3
        drawn = [golden_assignment.draws(number) for number in range(200)]
        settings.DATA_KEY = "A" * 43 + "="
        assert drawn != [golden_assignment.draws(number) for number in range(200)]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_twenty_sweeps_give_one(now: datetime, settings: Any) -> None:
    settings.GOLDEN_SHARE = 1.0
    lead, reviewer = make_staff(now, *LEAD), make_staff(now, Power.DECIDE)
    for seed in (3, 4, 5):
        golden_cases.keep(decided(now, seed).pk, "reject", [], lead, now)
    ruled(waiting(now), reviewer, now, "approve")
    said = at_once(lambda _: str(golden_assignment.give(reviewer, now) is not None))
    assert said == {"True": 1, "False": 19}
    assert GoldenTurn.objects.count() == Case.objects.filter(golden=True).count() == 1


# --- It arrives and is answered like any other ----------------------------------------------------


def test_it_arrives_by_the_verbs_by_which_others_do(now: datetime, planted: Case) -> None:
    told = list(
        Event.objects.filter(subject_id=str(planted.pk))
        .order_by("pk")
        .values_list("verb", "to_state")
    )
    assert told == [
        ("open", "draft"),
        ("submit", "submitted"),
        ("start_checks", "checking"),
        ("hold_for_review", "in_review"),
    ]
    moments = list(
        Event.objects.filter(employer_id=planted.employer_id)
        .order_by("pk")
        .values_list("at", flat=True)
    )
    assert (
        moments == sorted(moments)
        and max(moments) == now
        and min(moments) > now - timedelta(hours=1)
    )
    assert planted.review_since == now and planted.review_due and planted.urgency
    assert planted.decisions.get().verb == "hold_for_review"
    user = planted.submitted_by
    assert (
        user and not user.is_active and not user.has_usable_password() and "zhang" not in user.email
    )
    assert phone_of(user)[6:10] == "0000"
    assert not Mail.objects.filter(to=user.email).exists()


@pytest.mark.parametrize(
    ("verb", "codes", "right", "state"),
    [
        ("reject", ("name_mismatch", "uscc_invalid"), True, State.REJECTED),
        ("reject", ("uscc_invalid",), False, State.REJECTED),
        ("approve", (), False, State.APPROVED),
        ("request_changes", ("name_mismatch",), False, State.CHANGES_REQUESTED),
    ],
)
def test_it_is_compared_and_goes_the_way_of_every_other(
    verb: str,
    codes: tuple[str, ...],
    right: bool,
    state: State,
    now: datetime,
    planted: Case,
    reviewer: User,
) -> None:
    mails = Mail.objects.count()
    assert claims.claim_next(reviewer, now) == planted
    ruling = ruled(planted, reviewer, now, verb, codes)
    assert ruling.outcome == RulingOutcome.CARRIED_OUT
    planted.refresh_from_db()
    turn = GoldenTurn.objects.get()
    assert (planted.state, turn.right, turn.verb, turn.reasons) == (state, right, verb, list(codes))
    assert Mail.objects.count() == mails, "nobody is told"
    assert planted.employer.confirmed_at is None and not planted.holds_rights(now)
    assert not Case.objects.in_force(now).filter(pk=planted.pk).exists()


def test_an_undone_ruling_is_no_answer(now: datetime, planted: Case, reviewer: User) -> None:
    case = claims.claim(planted.pk, reviewer, now)
    ruling = rulings.decide(case.pk, "approve", reviewer, now, (), "", seen_version=case.version)
    rulings.undo(ruling.pk, reviewer, now)
    rulings.carry_out_due(now + LATER)
    assert GoldenTurn.objects.get().answered_at is None


def test_where_two_look_at_others_they_would_look_at_it(
    now: datetime, planted: Case, reviewer: User
) -> None:
    Case.objects.filter(pk=planted.pk).update(second_review=SecondReview.POLICY)
    assert ruled(planted, reviewer, now, "approve").outcome == RulingOutcome.FILED
    assert GoldenTurn.objects.get().right is False
    senior = make_colleague(now, "Seniors")
    assert claims.claim_next(senior, now + LATER) is None, "nobody else is there for it"


def test_its_preview_is_the_mail_and_nobody_is_woken(
    now: datetime, planted: Case, reviewer: User
) -> None:
    claims.claim(planted.pk, reviewer, now)
    told = rulings.preview(planted.pk, "reject", reviewer, now, ("name_mismatch",), "请看")
    assert set(told) == {"zh-hans", "en"}
    assert planted.submitted_by and not User.objects.get(pk=planted.submitted_by.pk).is_active


# --- To everybody else there is none --------------------------------------------------------------


class TestNobodyElse:
    def test_can_have_it(self, now: datetime, planted: Case, reviewer: User, lead: User) -> None:
        for other in (make_staff(now, *SENIOR), lead):
            assert claims.claim_next(other, now) is None
            with pytest.raises(Refused, match="not_allowed"):
                claims.claim(planted.pk, other, now)
        claims.claim(planted.pk, reviewer, now)
        with pytest.raises(Refused, match="not_allowed"):
            claims.ask_take_over(planted.pk, lead, now)

    @pytest.mark.parametrize("group", ["Reviewers", "Seniors", "Leads", "Auditors"])
    def test_comes_upon_it(self, group: str, now: datetime, planted: Case, client: Client) -> None:
        client.force_login(make_colleague(now, group))
        document = planted.documents.get()
        for name, pk in (
            ("verification_case", planted.pk),
            ("employers_employer", planted.employer_id),
            ("verification_document", document.pk),
            ("employers_member", planted.employer.members.get().pk),
            ("verification_attempt", planted.attempts.get().pk),
            ("events_event", Event.objects.filter(subject_id=str(planted.pk)).latest("pk").pk),
            ("verification_decision", planted.decisions.get().pk),
        ):
            page = client.get(
                reverse(f"admin:{name}_changelist")
                + ("?state=all" if name == "verification_case" else "")
            )
            assert page.status_code == 200 and str(planted.pk) not in page.content.decode(), name
            assert client.get(reverse(f"admin:{name}_change", args=[pk])).status_code in (
                302,
                404,
            ), name
        for text in (planted.declared_name, planted.declared_uscc, str(planted.pk)):
            found = client.get(
                reverse("admin:verification_case_changelist"), {"q": text}
            ).content.decode()
            assert reverse("admin:verification_case_change", args=[planted.pk]) not in found
        assert (
            client.get(
                reverse("admin:verification_case_page", args=[planted.pk, document.pk, 1])
            ).status_code
            == 404
        )

    def test_comes_upon_it_by_a_ruling(
        self, now: datetime, planted: Case, reviewer: User, client: Client
    ) -> None:
        undo = reverse("admin:verification_case_undo", args=[ruled(planted, reviewer, now).pk])
        client.force_login(make_colleague(now, "Reviewers"))
        assert [client.get(undo).status_code, client.post(undo).status_code] == [404, 404]

    def test_hears_how_they_are_kept(self, now: datetime, kept: Made, client: Client) -> None:
        kept()
        assert Event.objects.filter(verb="keep_golden").exists()
        for group, hears in (
            ("Reviewers", False),
            ("Seniors", False),
            ("Leads", True),
            ("Auditors", True),
        ):
            client.force_login(make_colleague(now, group))
            page = client.get(reverse("admin:events_event_changelist")).content.decode()
            assert ("keep_golden" in page) is hears, group

    def test_sees_it_in_a_figure(self, now: datetime, planted: Case) -> None:
        cache.clear()
        waiting(now)
        counted = queue_figures.count(now)
        assert (counted.waiting, counted.free, dict(counted.by_reason)) == (1, 1, {})
        assert queue_figures.look_back(now)[-1].backlog == 1
        assert str(planted.pk) not in {replayed.case_id for replayed in replay.over(policy.CURRENT)}

    def test_is_accused_by_it(self, now: datetime, planted: Case) -> None:
        member = make_member(now)
        case = make_case(
            member,
            now,
            State.IN_REVIEW,
            declared_legal_representative=planted.declared_legal_representative,
            name_key=planted.name_key,
        )
        Case.objects.filter(pk=case.pk).update(declared_uscc=planted.declared_uscc)
        case.refresh_from_db()
        Document.objects.filter(case=planted).update(sha256="ab" * 32)
        Document.objects.create(
            case=case,
            kind="appeal_evidence",
            sha256="ab" * 32,
            size=1,
            media_type="image/jpeg",
            uploaded_by=member.user,
            uploaded_at=now,
        )
        cluster = related_cases.around(case, None)
        assert (
            planted.pk not in {found.case.pk for found in cluster.related}
            and planted not in cluster.alike
        )
        seen = Duplicates().observe(subject_of(case, now), {})
        assert str(planted.pk) not in str(seen) and str(planted.employer_id) not in str(seen)
        assert not Document.objects.shown().filter(case=planted).exists()

    def test_learns_of_the_original(self, now: datetime, planted: Case, reviewer: User) -> None:
        original = Case.objects.get(golden=False, declared_uscc=planted.declared_uscc)
        cluster = related_cases.around(planted, reviewer)
        assert (
            original.pk not in {found.case.pk for found in cluster.related}
            and not cluster.decisions
            and not cluster.common
        )

    def test_is_excluded_by_it(self, now: datetime, planted: Case, reviewer: User) -> None:
        assert exclusion_list.exclude(planted.pk, ["uscc", "image"], "伪造", reviewer, now) == []
        assert not Exclusion.objects.exists()

    def test_outside_hears_of_it(
        self, now: datetime, planted: Case, reviewer: User, client: Client
    ) -> None:
        ruled(planted, reviewer, now, "approve")
        _, key = make_api_client(now, Scope.EMPLOYERS_READ, Scope.GATE_DECIDE)
        bearer = {"Authorization": f"Bearer {key}"}
        found = client.get(
            "/api/v1/employers", {"uscc": planted.declared_uscc}, headers=bearer
        ).json()
        assert str(planted.employer_id) not in str(found) and len(found["data"]) == 1
        assert client.get(
            f"/api/v1/employers/{planted.employer_id}/requirements", headers=bearer
        ).status_code in (404, 409, 422)
        member = planted.employer.members.get()
        asked = {
            "employer_id": str(planted.employer_id),
            "member_id": str(member.pk),
            "candidate": "c-1",
        }
        answer = client.post(
            "/api/v1/gate/decisions", asked, content_type="application/json", headers=bearer
        ).json()
        assert not answer["allowed"] and answer["reasons"][0]["code"] == "employer_unknown"
        assert (
            ApiClient.objects.count() == 1
            and Employer.objects.real().filter(pk=planted.employer_id).count() == 0
        )

    def test_is_told_to_wait_as_long_as_it_took(
        self, now: datetime, planted: Case, reviewer: User, monkeypatch: Any
    ) -> None:
        ruled(planted, reviewer, now)
        asked: list[int] = []
        monkeypatch.setattr(turnaround, "usual", lambda took: asked.append(len(list(took))))
        turnaround.of_the_machine()
        turnaround.of_reviewers()
        assert asked == [0, 1], "the original alone; no machine has looked at it in this test"


# --- For its reviewer it is one like any other ----------------------------------------------------


def as_real(case: Case) -> Case:
    """The same case as one that is not golden."""
    GoldenTurn.objects.filter(case=case).delete()
    Employer.objects.filter(cases=case).update(made_for=None)
    Case.objects.filter(pk=case.pk).update(golden=False)
    User.objects.filter(member__employer=case.employer_id).update(is_active=True)
    case.refresh_from_db()
    return case


Walk = Callable[[Case], list[Any]]


class TestTwins:
    """A case of the same papers walked twice in the same world: once golden, and once as any other
    is.
    """

    @pytest.fixture
    def now(self) -> datetime:
        return datetime.now().astimezone()

    @pytest.fixture
    def both(
        self, now: datetime, kept: Made, reviewer: User, client: Client, monkeypatch: Any
    ) -> Callable[[Walk], None]:
        made = kept()
        # How long its employer took is drawn; the twins took as long, or they would differ by a day
        # at midnight.
        drawn = SimpleNamespace(
            choice=secrets.choice,
            randbelow=lambda below: 7 if below <= 60 else secrets.randbelow(below),
        )
        monkeypatch.setattr(golden_assignment, "secrets", drawn)
        # The original would be found beside the real one, and not beside the golden one: of that
        # another test tells.
        Case.objects.filter(golden=False).update(
            declared_uscc="91310000MA1FL0000X", name_key="", declared_name="另一家公司"
        )
        client.force_login(reviewer)

        def compare(walk: Walk) -> None:
            said = []
            for real in (False, True):
                with transaction.atomic():
                    case = golden_assignment.plant(made, reviewer, now - timedelta(minutes=3))
                    if real:
                        as_real(case)
                    said.append(
                        [
                            answer if isinstance(answer, str | bytes | list) else told(case, answer)
                            for answer in walk(case)
                        ]
                    )
                    transaction.set_rollback(True)
            gold, as_any = said
            assert len(gold) == len(as_any)
            for number, (one, other) in enumerate(zip(gold, as_any, strict=True)):
                assert one[:2] == other[:2], number
                lines = zip(str(one[-1]).splitlines(), str(other[-1]).splitlines(), strict=False)
                assert [pair for pair in lines if pair[0] != pair[1]] == [], number

        return compare

    @pytest.fixture
    def page(self, client: Client) -> Callable[[Case], Any]:
        return lambda case: client.get(reverse("admin:verification_case_change", args=[case.pk]))

    def test_every_page_and_answer(self, both: Any, page: Any, client: Client) -> None:
        def walk(case: Case) -> list[Any]:
            def door(name: str, **sent: Any) -> Any:
                url = reverse(f"admin:verification_case_{name}", args=[case.pk])
                version = Case.objects.get(pk=case.pk).version
                return client.post(
                    url, sent | {"seen_version": version}, headers={"Accept": "application/json"}
                )

            queue, paper = reverse("admin:verification_case_changelist"), case.documents.get()
            following = client.post(
                reverse("admin:verification_case_next"),
                {"ahead": "1"},
                headers={"Accept": "application/json"},
            )
            return [
                client.get(queue),
                client.get(queue, {"claim": "free", "reason": "name_mismatch"}),
                page(case),
                following,
                client.get(queue, {"claim": "mine"}),
                page(case),
                door("release"),
                door("claim"),
                page(case),
                door("draft", verb="reject", note="在看"),
                door("preview", verb="reject", reasons=["name_mismatch"]),
                door("preview", verb="approve"),
                door("beat", active="1"),
                door("unmask", field="phone"),
                door("ask"),
                client.get(
                    reverse("admin:verification_case_page", args=[case.pk, paper.pk, 1])
                ).content,
                client.get(reverse("admin:verification_document_change", args=[paper.pk])),
                client.get(reverse("admin:employers_employer_change", args=[case.employer_id])),
                client.get(reverse("admin:employers_employer_changelist")),
                client.get(
                    reverse("admin:employers_member_change", args=[case.employer.members.get().pk])
                ),
                client.get(
                    reverse("admin:verification_attempt_change", args=[case.attempts.get().pk])
                ),
                door("reject", reasons=["name_mismatch"]),
                door("reject", reasons=["name_mismatch"], confirmed="1"),
                client.get(queue),
                page(case),
                client.post(
                    reverse("admin:verification_case_undo", args=[Ruling.objects.latest("pk").pk])
                ),
                page(case),
                door("hold", hours="4", note="等电话"),
                page(case),
                client.get(queue, {"claim": "held"}),
            ]

        both(walk)

    @pytest.mark.parametrize("verb", ["approve", "request_changes", "reject"])
    def test_after_the_answer_too(
        self, verb: str, both: Any, page: Any, client: Client, reviewer: User, now: datetime
    ) -> None:
        def walk(case: Case) -> list[Any]:
            ruling = ruled(case, reviewer, now, verb)
            assert ruling.outcome == RulingOutcome.CARRIED_OUT
            queue, events = (
                reverse("admin:verification_case_changelist"),
                Event.objects.filter(employer_id=case.employer_id),
            )
            return [
                page(case),
                client.get(queue),
                *(
                    client.get(queue, {"q": text})
                    for text in (case.declared_name, case.declared_uscc)
                ),
                client.get(queue, {"state": "all"}),
                client.get(reverse("admin:events_event_changelist"), {"q": str(case.pk)}),
                [
                    (event.verb, event.to_state, event.role, event.reasons, sorted(event.data))
                    for event in events.order_by("pk")
                ],
                [
                    (one.verb, one.reasons, one.note, one.seconds is None)
                    for one in case.decisions.order_by("pk")
                ],
            ]

        both(walk)

    def test_to_be_given_it_takes_one_look_by_an_index_more(
        self, both: Any, reviewer: User, now: datetime
    ) -> None:
        def walk(case: Case) -> list[Any]:
            reviewer.as_reviewer()
            with CaptureQueriesContext(connection) as asked:
                claims.claim_next(reviewer, now)
            return [str(len(asked) - case.golden)]

        both(walk)


def told(case: Case, response: Any) -> list[Any]:
    """An answer without what tells one case from another whatever they are: ids, tokens, its own
    people's address and number.
    """
    assert case.submitted_by
    body = response.content.decode()
    known = (
        case.pk,
        case.employer_id,
        case.submitted_by_id,
        *case.documents.values_list("pk", flat=True),
        *case.employer.members.values_list("pk", flat=True),
    )
    for number, each in enumerate(known):
        body = body.replace(str(each), f"id-{number}")
    phone = phone_of(case.submitted_by)
    for word in (
        case.submitted_by.email,
        *((phone, masked_phone(phone), f"{phone[:3]} {phone[3:]}") if phone else ()),
    ):
        body = body.replace(word, "theirs")
    body = re.sub(r'name=\\*"csrfmiddlewaretoken\\*" value=\\*"\w+', "", body)
    body = re.sub(
        r"/undo/\d+/|/(?:attempt|event|decision)/\d+/|checkrun_set-\d+|\bvalue=\"\d+\"", "", body
    )
    body = re.sub(r"[0-9a-f]{64}", "hash", body)
    body = re.sub(r"\d+ reading|&quot;ruling&quot;: \d+", "row", body)
    body = re.sub(
        r"\d+(?:\.\d+)?(?:\xa0| )?(?:分钟|秒|个工作小时|minutes?|seconds?|working h)", "time", body
    )
    body = re.sub(
        r"\d\d?:\d\d(?::\d\d)?(?:\.\d+)?(?:\+\d\d:\d\d)?|×[\d.]+|score\">[\d.]+|data-seconds[\w-]*=\"\d+\"",
        "time",
        body,
    )
    body = re.sub(r'"seconds_left": \d+', "", body)
    return [response.status_code, sorted(response.headers), body]


# --- Settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"), [("GOLDEN_SHARE", "1.1"), ("GOLDEN_SHARE", "-0.1"), ("GOLDEN_DAYS", "0")]
)
def test_settings_that_make_no_sense_stop_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"^ZIZHI_{name} is {value}"):
        settings_with(monkeypatch, **{name: value})


# --- Of companies that do not exist ---------------------------------------------------------------


@pytest.mark.timeout(300)
def test_a_deployment_makes_one_of_each_kind(now: datetime, reviewer: User) -> None:
    """They are read and checked as real ones; what is right of each is what a check has found."""
    call_command("make_golden", seed=41)
    kinds = {kept.kind: kept for kept in GoldenCase.objects.all()}
    assert set(kinds) == set(golden_specimens.KINDS)
    assert (
        not Case.objects.exists() and not Employer.objects.exists() and not Mail.objects.exists()
    ), "of the way nothing stays"
    for kept in kinds.values():
        copy = golden_assignment.plant(kept, reviewer, now)
        found = {
            finding.code
            for finding in decisions.findings_of(copy.pk)
            if finding.severity > Severity.NOTE
        }
        assert set(kept.right_reasons) <= found, (kept.kind, found)
        assert set(kept.right_reasons) <= set(
            reason_choices.REASONS_FOR.get(kept.right_verb, ())
        ), "each can be ticked"
        ruling = ruled(copy, reviewer, now, kept.right_verb, tuple(kept.right_reasons))
        assert ruling.outcome in (RulingOutcome.CARRIED_OUT, RulingOutcome.FILED)
    assert set(GoldenTurn.objects.values_list("right", flat=True)) == {True}


def test_what_the_machine_decides_by_itself_is_made_of_nothing(
    now: datetime, monkeypatch: Any
) -> None:
    from verification.quality import golden_specimens as made

    company = made.Company.fictitious(7, "company")
    revoked = made._Applicant(
        company, made._papers(7, company), ("reject", ()), register=(("status", "吊销"),)
    )
    monkeypatch.setitem(made.KINDS, "register", lambda seed: revoked)
    with pytest.raises(made.NotForReviewers):
        made.made("register", 7, now)
    assert not GoldenCase.objects.exists() and not Document.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_others_can_write_while_a_golden_case_is_read(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite a transaction is the only one that writes.

    So the licence is read before it, and not once more inside.
    """
    locked: list[bool] = []

    def read(*args: Any, **options: Any) -> Any:
        locked.append(connection.in_atomic_block)
        return read_pages(*args, **options)

    monkeypatch.setattr(golden_specimens, "read_pages", read)
    monkeypatch.setattr("verification.checks.reading.read_pages", read)
    kept = golden_specimens.made(GoldenKind.NAME, 41, now)
    assert kept.right_reasons == ["name_mismatch"]
    assert locked == [False]
