"""Tests that a golden case is visible only to its reviewer."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import translation

from downloads.admin import event_words
from employers.models import ApiClient, Employer, Scope, User
from events.core.errors import Refused
from events.models import Event
from tests.factories import make_case, make_colleague, make_linked_client, make_member
from tests.verification.quality.golden import Made, ruled
from tests.verification.staff import SENIOR, make_staff, waiting
from verification.cases import turnaround
from verification.checks import exclusion_list
from verification.checks.duplicates import Duplicates
from verification.decision import replay
from verification.decision.pipeline import subject_of
from verification.models import Case, Document, Exclusion
from verification.quality import golden_assignment
from verification.reviewing import bulk_decisions, claims, queue_figures, related_cases
from verification.rules import policy
from verification.rules.states import State

pytestmark = pytest.mark.django_db


class TestNobodyElse:
    def test_can_have_it(self, now: datetime, planted: Case, reviewer: User, lead: User) -> None:
        for other in (make_staff(now, *SENIOR), lead):
            assert claims.claim_next(other, now) is None
            with pytest.raises(Refused, match="not_allowed"):
                claims.claim_case(planted.pk, other, now)
        claims.claim_case(planted.pk, reviewer, now)
        with pytest.raises(Refused, match="not_allowed"):
            claims.ask_take_over(planted.pk, lead, now)

    @pytest.mark.parametrize("group", ["Reviewers", "Seniors", "Leads", "Auditors"])
    @pytest.mark.sampled(2)
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
                *([403] if name == "events_event" else ()),
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

    def test_hears_how_they_are_kept(
        self, now: datetime, make_golden: Made, client: Client
    ) -> None:
        make_golden()
        assert Event.objects.filter(verb="keep_golden").exists()
        for group, hears in (
            ("Reviewers", False),
            ("Seniors", False),
            ("Leads", True),
            ("Auditors", True),
        ):
            client.force_login(make_colleague(now, group))
            page = client.get(reverse("admin:events_event_changelist")).content.decode()
            with translation.override("zh-hans"):
                words = str(event_words.EVENTS["keep_golden"])
            assert (words in page) is hears, group

    def test_sees_it_in_a_figure(self, now: datetime, planted: Case) -> None:
        cache.clear()
        waiting(now)
        counted = queue_figures.count_queue(now)
        assert (counted.waiting, counted.free, dict(counted.by_reason)) == (1, 1, {})
        assert queue_figures.days_on_record(now)[-1].backlog == 1
        assert str(planted.pk) not in {
            replayed.case_id for replayed in replay.replay_attempts(policy.CURRENT)
        }

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
        cluster = related_cases.cluster_around(case, None)
        assert (
            planted.pk not in {found.case.pk for found in cluster.related}
            and planted not in cluster.alike
        )
        seen = Duplicates().observe(subject_of(case, now), {})
        assert str(planted.pk) not in str(seen) and str(planted.employer_id) not in str(seen)
        assert not Document.objects.shown().filter(case=planted).exists()

    def test_learns_of_the_original(self, now: datetime, planted: Case, reviewer: User) -> None:
        original = Case.objects.get(golden=False, declared_uscc=planted.declared_uscc)
        cluster = related_cases.cluster_around(planted, reviewer)
        assert (
            original.pk not in {found.case.pk for found in cluster.related}
            and not cluster.decisions
            and not cluster.common
        )

    def test_is_excluded_by_it(self, now: datetime, planted: Case, reviewer: User) -> None:
        kinds = ["uscc", "image", "email"]
        made = exclusion_list.exclude_employer(planted.pk, kinds, "伪造", reviewer, now)
        assert {row.kind for row in made} == set(kinds), "to its reviewer, it is like any other"
        assert set(Exclusion.objects.shown_to(str(reviewer.pk))) == set(made)
        assert not Exclusion.objects.shown_to(str(make_staff(now, *SENIOR).pk)).exists()
        known = {kind: exclusion_list.things_of(planted, kind)[0][0] for kind in kinds}
        assert exclusion_list.in_force(known) == [], "nobody is excluded"
        original = Case.objects.get(golden=False, declared_uscc=planted.declared_uscc)
        exclusion_list.exclude_employer(original.pk, ["uscc"], "伪造", reviewer, now)
        assert len(exclusion_list.in_force(known)) == 1, "it takes no real entry's place"

    def test_finds_it_in_a_bulk_decision(
        self, now: datetime, make_golden: Made, client: Client
    ) -> None:
        one, other = make_colleague(now, "Seniors"), make_colleague(now, "Seniors")
        planted, real = golden_assignment.plant_golden_case(make_golden(), one, now), waiting(now)
        bulk = bulk_decisions.propose_bulk(
            [planted.pk, real.pk], "reject", one, now, ["name_mismatch"], ""
        )
        page = reverse("admin:verification_bulk_change", args=[bulk.pk])
        for person, finds in ((one, True), (other, False)):
            client.force_login(person)
            html = client.get(page).content.decode()
            assert (str(planted.pk) in html, str(real.pk) in html) == (finds, True)
        bulk_decisions.confirm_bulk(bulk.pk, other, now)
        refusals = dict(bulk.items.values_list("case", "refusal"))
        assert refusals == {planted.pk: "bulk_changed", real.pk: ""}

    def test_outside_hears_of_it(
        self, now: datetime, planted: Case, reviewer: User, client: Client
    ) -> None:
        ruled(planted, reviewer, now, "approve")
        _, key = make_linked_client(now, Scope.EMPLOYERS_READ, Scope.GATE_DECIDE)
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
        assert not answer["allowed"] and answer["reasons"][0]["code"] == "member_not_linked"
        assert (
            ApiClient.objects.count() == 1
            and Employer.objects.real().filter(pk=planted.employer_id).count() == 0
        )

    def test_is_told_to_wait_as_long_as_it_took(
        self, now: datetime, planted: Case, reviewer: User, monkeypatch: Any
    ) -> None:
        ruled(planted, reviewer, now)
        asked: list[int] = []
        monkeypatch.setattr(
            turnaround, "usual_turnaround", lambda took: asked.append(len(list(took)))
        )
        turnaround.of_the_machine()
        turnaround.of_reviewers()
        assert asked == [0, 1], "only the original; no check has run on it in this test"


class TestItsRecordLooksLikeAnyOther:
    """What a person's case leaves behind on its way to review is there for a golden case too."""

    @pytest.fixture
    def planted(self, now: datetime, make_golden: Made, reviewer: User) -> Case:
        made = make_golden()
        made.recipe["proofs"] = [
            {"kind": "email_code", "state": state, "shown": "", "provider": "", "failure": failure}
            for state, failure in (("proven", ""), ("failed", "proof_cancelled"))
        ]
        made.save()
        return golden_assignment.plant_golden_case(made, reviewer, now)

    def test_every_step_is_an_event(self, planted: Case) -> None:
        verbs = Event.objects.filter(employer_id=planted.employer_id).values_list("verb", flat=True)
        assert sorted(verbs) == [
            "add_document",
            "begin_proof",
            "begin_proof",
            "fail_proof",
            "hold_for_review",
            "open",
            "prove",
            "register",
            "start_checks",
            "state_values",
            "submit",
            "verify_email",
        ]

    def test_no_hash_follows_from_an_id(self, planted: Case) -> None:
        document = planted.documents.get()
        assert document.sha256 != hashlib.sha256(str(document.pk).encode()).hexdigest()

    def test_the_steps_come_as_irregularly_as_a_persons(
        self, now: datetime, make_golden: Made, reviewer: User
    ) -> None:
        made = make_golden()
        case = golden_assignment.plant_golden_case(made, reviewer, now)
        steps = ("register", "verify_email", "open")
        at = [
            Event.objects.get(employer_id=case.employer_id, verb=verb).at.timestamp()
            for verb in steps
        ]
        assert abs((at[1] - at[0]) - (at[2] - at[1])) > 0.001
