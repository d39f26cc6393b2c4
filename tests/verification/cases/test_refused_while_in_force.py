"""Tests of rejecting a case while an earlier approval is in force."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from employers.models import Member, User
from events.core.errors import Refused
from events.models import Event, Mail
from tests.factories import make_case, make_member, make_reviewer
from verification.cases import appeals, operations
from verification.models import Attempt, Case, CheckRun
from verification.reviewing import claims
from verification.rules.findings import Finding, Severity
from verification.rules.states import State

pytestmark = pytest.mark.django_db


class TestWhatIsInForce:
    @pytest.fixture
    def reviewer(self, now: datetime) -> User:
        return make_reviewer(now)

    @pytest.fixture
    def old(self, member: Member, now: datetime) -> Case:
        then = now - timedelta(days=150)
        return make_case(
            member, then, State.APPROVED, approved_at=then, expires_at=now + timedelta(days=30)
        )

    @pytest.fixture
    def case(self, old: Case, member: Member, reviewer: User, now: datetime) -> Case:
        """A renewal that a reviewer has claimed."""
        case = make_case(member, now, State.IN_REVIEW)
        attempt = Attempt.objects.create(
            case=case, number=1, submitted_at=now, due_at=now, finished_at=now
        )
        finding = Finding("reading", "name_mismatch", Severity.CONCERN, "name", "印着的", "填写的")
        CheckRun.objects.create(
            attempt=attempt,
            code="reading",
            version="1",
            findings=[finding.as_json()],
            started_at=now,
            finished_at=now,
        )
        return claims.claim_case(case.pk, reviewer, now)

    def test_nothing_is_refused_before_it_is_said(
        self, old: Case, case: Case, reviewer: User, now: datetime
    ) -> None:
        with pytest.raises(Refused, match="in_force_undecided"):
            operations.reject_case(case.pk, reviewer, now, ["name_mismatch"])
        assert Case.objects.get(pk=case.pk).state == State.IN_REVIEW and Case.objects.get(
            pk=old.pk
        ).is_in_force(now)
        assert not Mail.objects.exists() and not Event.objects.filter(verb="reject").exists()

    def test_both_at_once_for_the_same_reasons_and_both_told(
        self, old: Case, case: Case, reviewer: User, now: datetime
    ) -> None:
        operations.reject_case(
            case.pk,
            reviewer,
            now,
            ["name_mismatch", "review_decided"],
            note="请看",
            suspend_in_force=True,
        )
        case.refresh_from_db(), old.refresh_from_db()
        assert (case.state, old.state) == (State.REJECTED, State.SUSPENDED)
        refusal, suspension = case.decisions.get(), old.decisions.get()
        assert (suspension.verb, suspension.decided_by, suspension.note) == (
            "suspend",
            reviewer,
            "请看",
        )
        assert suspension.reasons == refusal.reasons and suspension.reasons[0]["seen"] == "印着的"
        events = {
            event.subject_id: event
            for event in Event.objects.filter(verb__in=("reject", "suspend"))
        }
        assert events[str(case.pk)].data["suspended"] == [str(old.pk)]
        assert events[str(old.pk)].data["because_of"] == str(case.pk)
        assert {event.actor_id for event in events.values()} == {str(reviewer.pk)}
        assert sorted(event.verb for event in events.values()) == ["reject", "suspend"]
        assert all(
            event.reasons == ["name_mismatch", "review_decided"] for event in events.values()
        )
        mails = {mail.template: mail.context for mail in Mail.objects.all()}
        assert (
            set(mails) == {"case_reject", "case_suspend"}
            and mails["case_reject"]["suspended"] is True
        )

    def test_left_in_force(self, old: Case, case: Case, reviewer: User, now: datetime) -> None:
        operations.reject_case(case.pk, reviewer, now, ["name_mismatch"], suspend_in_force=False)
        assert Case.objects.get(pk=old.pk).is_in_force(now)
        assert [mail.template for mail in Mail.objects.all()] == [
            "case_reject"
        ] and "suspended" not in Mail.objects.get().context

    def test_neither_where_the_refusal_is_refused(
        self, old: Case, case: Case, reviewer: User, now: datetime
    ) -> None:
        for refused in (
            lambda: operations.reject_case(
                case.pk,
                reviewer,
                now,
                ["name_mismatch"],
                seen_version=case.version + 1,
                suspend_in_force=True,
            ),
            lambda: operations.reject_case(case.pk, reviewer, now, [], suspend_in_force=True),
            lambda: operations.reject_case(
                case.pk, make_reviewer(now), now, ["name_mismatch"], suspend_in_force=True
            ),
        ):
            with pytest.raises(Refused):
                refused()
        assert Case.objects.get(pk=old.pk).is_in_force(now) and not Mail.objects.exists()

    def test_all_or_nothing(
        self, old: Case, case: Case, reviewer: User, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*args: object, **kwargs: object) -> None:
            if args[1] == "reject":
                raise ZeroDivisionError

        monkeypatch.setattr(operations, "put_on_record", broken)
        with pytest.raises(ZeroDivisionError):
            operations.reject_case(case.pk, reviewer, now, ["name_mismatch"], suspend_in_force=True)
        assert (
            Case.objects.get(pk=old.pk).is_in_force(now)
            and not Event.objects.filter(verb="suspend").exists()
        )

    @pytest.mark.parametrize("chosen", [None, True, False])
    def test_what_has_ended_or_is_anothers_needs_no_word(
        self, old: Case, case: Case, reviewer: User, now: datetime, chosen: bool | None
    ) -> None:
        Case.objects.filter(pk=old.pk).update(expires_at=now)
        others = make_case(make_member(now), now, State.APPROVED)
        operations.reject_case(case.pk, reviewer, now, ["name_mismatch"], suspend_in_force=chosen)
        assert Case.objects.get(pk=old.pk).state == State.APPROVED and Case.objects.get(
            pk=others.pk
        ).is_in_force(now)
        assert "suspended" not in Event.objects.get(verb="reject").data

    @pytest.mark.parametrize("verb", ["approve", "request_changes"])
    def test_other_decisions_are_not_asked(
        self, old: Case, case: Case, reviewer: User, now: datetime, verb: str
    ) -> None:
        operations.review_case(
            case.pk, verb, reviewer.as_reviewer(), now, ["name_mismatch"], "", None
        )

    def test_an_appeal_is_decided_after_the_suspension(
        self, old: Case, case: Case, member: Member, reviewer: User, now: datetime
    ) -> None:
        operations.reject_case(case.pk, reviewer, now, ["name_mismatch"], suspend_in_force=True)
        appeals.appeal_decision(case.pk, member, "请再看", [], now)
        other = make_reviewer(now)
        claims.claim_case(case.pk, other, now)
        with pytest.raises(Refused, match="employer_suspended"):
            operations.approve_case(case.pk, other, now)
        operations.reinstate_case(old.pk, other, now)
        assert operations.approve_case(case.pk, other, now).state == State.APPROVED
