"""Tests of golden cases: saving, arrival, answers and retirement."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import default_storage

from employers.accounts.sightings import phone_of
from employers.models import User
from employers.permissions import Power
from events.core.errors import Refused
from events.models import Event, Mail
from tests.factories import make_case, make_colleague, make_document, make_member
from tests.verification.quality.golden import LATER, Made, decided, ruled
from tests.verification.rules.test_working_hours import settings_with
from tests.verification.staff import LEAD, SENIOR, make_staff, waiting
from verification.models import (
    Case,
    CheckRun,
    Decision,
    DocumentKind,
    DocumentPage,
    GoldenCase,
    GoldenTurn,
    RulingOutcome,
    SecondReview,
)
from verification.quality import golden_assignment, golden_cases
from verification.reviewing import claims, hold_and_escalate, rulings
from verification.rules.findings import Finding, Severity
from verification.rules.states import State

pytestmark = pytest.mark.django_db


# --- Saving ---------------------------------------------------------------------------------------


class TestKeeping:
    def test_what_is_kept_is_of_nobody_and_hangs_on_nothing(
        self, now: datetime, lead: User
    ) -> None:
        case = decided(now)
        page = DocumentPage.objects.get(document__case=case)
        made = golden_cases.save_golden_case(case.pk, "reject", ["name_mismatch"], lead, now)
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
        assert golden_cases.may_save(case, lead.as_reviewer()) is not None, "it is undecided"
        by = make_staff(now, Power.DECIDE)
        Decision.objects.create(
            case=case,
            attempt_number=1,
            verb="approve",
            decided_by=by,
            policy_version="1",
            decided_at=now,
        )
        may = golden_cases.may_save(case, lead.as_reviewer()) is None
        assert may is (
            state in {State.APPROVED, State.EXPIRED, State.REJECTED, State.CHANGES_REQUESTED}
        )

    def test_not_while_an_appeal_waits(self, now: datetime, lead: User) -> None:
        case = decided(now)
        case.appeals.create(verb="ask_person", text="请人工看看", by=case.submitted_by, at=now)
        with pytest.raises(Refused, match="golden_undecided"):
            golden_cases.save_golden_case(case.pk, "reject", [], lead, now)

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
            golden_cases.save_golden_case(case.pk, "reject", [], lead, now)

    def test_not_what_names_an_agencys_clients(self, now: datetime, lead: User) -> None:
        case = decided(now)
        make_document(case, now, DocumentKind.CLIENT_AUTHORIZATION)
        with pytest.raises(Refused, match="golden_not_alone"):
            golden_cases.save_golden_case(case.pk, "reject", [], lead, now)

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
        copy = golden_assignment.plant_golden_case(
            golden_cases.save_golden_case(case.pk, "reject", [], lead, now), reviewer, now
        )
        run = CheckRun.objects.get(attempt__case=copy, code="duplicates")
        assert run.observation == {"near_same": [], "same_uscc": [], "young_of_person": 0}
        assert [found.code for found in run.as_findings()] == ["no_duplicate"]

    def test_once_and_by_leads_alone(self, now: datetime, lead: User) -> None:
        case = decided(now)
        with pytest.raises(Refused, match="not_allowed"):
            golden_cases.save_golden_case(case.pk, "reject", [], make_staff(now, *SENIOR), now)
        with pytest.raises(Refused, match="not_allowed"):
            golden_cases.save_golden_case(case.pk, "suspend", [], lead, now)
        golden_cases.save_golden_case(case.pk, "reject", [], lead, now)
        with pytest.raises(Refused, match="golden_kept"):
            golden_cases.save_golden_case(case.pk, "reject", [], lead, now)


class TestItsEnd:
    def test_a_retired_one_leaves_nothing_but_its_figures(
        self, now: datetime, lead: User, make_golden: Made, reviewer: User
    ) -> None:
        made = make_golden()
        copy = golden_assignment.plant_golden_case(made, reviewer, now)
        ruled(copy, reviewer, now)
        (file,) = golden_cases.files_of(made.recipe)
        with pytest.raises(Refused, match="not_allowed"):
            golden_cases.retire_golden_case(made.pk, reviewer, now)
        golden_cases.retire_golden_case(made.pk, lead, now)
        made.refresh_from_db()
        assert (made.recipe, made.known_to, made.kept_from, made.name) == ({}, [], None, "")
        assert not DocumentPage.objects.filter(document__case=copy).exists()
        assert GoldenTurn.objects.get().right is True
        assert not golden_assignment._unknown_to(make_staff(now, Power.DECIDE))
        assert file

    @pytest.mark.django_db(transaction=True)
    def test_its_files_go_and_the_originals_stay(self, now: datetime) -> None:
        lead, case = make_staff(now, *LEAD), decided(now)
        made = golden_cases.save_golden_case(case.pk, "reject", [], lead, now)
        (file,) = golden_cases.files_of(made.recipe)
        golden_cases.retire_golden_case(made.pk, lead, now)
        assert not default_storage.exists(file)
        assert default_storage.exists(DocumentPage.objects.get(document__case=case).image.name)

    def test_after_its_days(self, now: datetime, make_golden: Made, settings: Any) -> None:
        settings.GOLDEN_DAYS = 10
        make_golden()
        assert golden_cases.retire_due(now + timedelta(days=9)) == 0
        assert golden_cases.retire_due(now + timedelta(days=10)) == 1
        assert golden_cases.retire_due(now + timedelta(days=11)) == 0

    def test_not_under_the_hands_of_a_reviewer(
        self, now: datetime, lead: User, planted: Case, reviewer: User
    ) -> None:
        claims.claim_case(planted.pk, reviewer, now)
        made = golden_cases.retire_golden_case(GoldenCase.objects.get().pk, lead, now)
        assert made.retired_at and made.recipe, "it waits until they are done"
        assert Case.objects.shown_to(str(reviewer.pk)).filter(pk=planted.pk).exists()
        golden_cases.erase_retired(now + timedelta(hours=1))
        assert GoldenCase.objects.get().recipe == {}
        assert not Case.objects.shown_to(str(reviewer.pk)).filter(pk=planted.pk).exists()

    def test_what_is_never_decided_goes_from_sight(
        self, now: datetime, planted: Case, reviewer: User
    ) -> None:
        assert golden_assignment.lapse_due(now + timedelta(days=6)) == 0
        claims.claim_case(planted.pk, reviewer, now + timedelta(days=7))
        assert golden_assignment.lapse_due(now + timedelta(days=7)) == 0
        hold_and_escalate.escalate_case(planted.pk, reviewer, now + timedelta(days=7), "不会")
        assert golden_assignment.lapse_due(now + timedelta(days=7)) == 1
        assert claims.claim_next(reviewer, now + timedelta(days=7)) is None


# --- Arrival and answers --------------------------------------------------------------------------


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
    assignment = GoldenTurn.objects.get()
    assert (planted.state, assignment.right, assignment.verb, assignment.reasons) == (
        state,
        right,
        verb,
        list(codes),
    )
    assert Mail.objects.count() == mails, "no notice is sent"
    assert planted.employer.confirmed_at is None and not planted.is_in_force(now)
    assert not Case.objects.in_force(now).filter(pk=planted.pk).exists()


def test_an_undone_ruling_is_no_answer(now: datetime, planted: Case, reviewer: User) -> None:
    case = claims.claim_case(planted.pk, reviewer, now)
    ruling = rulings.rule_on_case(
        case.pk, "approve", reviewer, now, (), "", seen_version=case.version
    )
    rulings.undo_ruling(ruling.pk, reviewer, now)
    rulings.carry_out_due(now + LATER)
    assert GoldenTurn.objects.get().answered_at is None


def test_where_two_look_at_others_they_would_look_at_it(
    now: datetime, planted: Case, reviewer: User
) -> None:
    Case.objects.filter(pk=planted.pk).update(second_review=SecondReview.POLICY)
    assert ruled(planted, reviewer, now, "approve").outcome == RulingOutcome.FILED
    assert GoldenTurn.objects.get().right is False
    senior = make_colleague(now, "Seniors")
    assert claims.claim_next(senior, now + LATER) is None, "it has no other reviewer"


def test_its_preview_is_the_mail_and_nobody_is_woken(
    now: datetime, planted: Case, reviewer: User
) -> None:
    claims.claim_case(planted.pk, reviewer, now)
    told = rulings.preview_mail(planted.pk, "reject", reviewer, now, ("name_mismatch",), "请看")
    assert set(told) == {"zh-hans", "en"}
    assert planted.submitted_by and not User.objects.get(pk=planted.submitted_by.pk).is_active


# --- Settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"), [("GOLDEN_SHARE", "1.1"), ("GOLDEN_SHARE", "-0.1"), ("GOLDEN_DAYS", "0")]
)
def test_settings_that_make_no_sense_stop_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"^ZIZHI_{name} is {value}"):
        settings_with(monkeypatch, **{name: value})
