"""Tests that a golden case responds like any other to its reviewer."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from employers.models import Employer, User
from events.models import Event
from tests.verification.quality.golden import Made, ruled, told
from verification.models import Case, GoldenTurn, Ruling, RulingOutcome
from verification.quality import golden_assignment
from verification.reviewing import claims

pytestmark = pytest.mark.django_db


def as_real(case: Case) -> Case:
    """Return the same case, made real."""
    GoldenTurn.objects.filter(case=case).delete()
    Employer.objects.filter(cases=case).update(made_for=None)
    Case.objects.filter(pk=case.pk).update(golden=False)
    User.objects.filter(member__employer=case.employer_id).update(is_active=True)
    case.refresh_from_db()
    return case


Walk = Callable[[Case], list[Any]]


class TestTwins:
    """A case with the same documents, requested twice in the same world: once golden, once real."""

    @pytest.fixture
    def now(self) -> datetime:
        return datetime.now().astimezone()

    @pytest.fixture
    def both(
        self, now: datetime, make_golden: Made, reviewer: User, client: Client, monkeypatch: Any
    ) -> Callable[[Walk], None]:
        made = make_golden()
        # The employer's time is random. Both twins get the same, or they would differ by a day at
        # midnight.
        drawn = SimpleNamespace(
            choice=secrets.choice,
            token_hex=secrets.token_hex,
            randbelow=lambda below: 7 if below <= 60 else secrets.randbelow(below),
        )
        monkeypatch.setattr(golden_assignment, "secrets", drawn)
        # The original would be related to the real one but not to the golden one; another test
        # covers that.
        Case.objects.filter(golden=False).update(
            declared_uscc="91310000MA1FL0000X", name_key="", declared_name="另一家公司"
        )
        client.force_login(reviewer)

        def compare(walk: Walk) -> None:
            said = []
            for real in (False, True):
                with transaction.atomic():
                    case = golden_assignment.plant_golden_case(
                        made, reviewer, now - timedelta(minutes=3)
                    )
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

    @pytest.mark.slow
    def test_every_page_and_answer(self, both: Any, page: Any, client: Client) -> None:
        def walk(case: Case) -> list[Any]:
            def door(name: str, **sent: Any) -> Any:
                url = reverse(f"admin:verification_case_{name}", args=[case.pk])
                version = Case.objects.get(pk=case.pk).version
                return client.post(url, sent | {"seen_version": version})

            queue, paper = reverse("admin:verification_case_changelist"), case.documents.get()
            following = client.post(reverse("admin:verification_case_next"))
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
    @pytest.mark.sampled(1)
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
