"""The platforms, employers and candidates of these tests: a test platform's API, and live rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.test import Client
from django.utils import timezone

from downloads.candidates import operations
from downloads.gate import decide as gate_decide
from downloads.models import Candidate, Mode
from downloads.releases import passes
from employers.accounts.api_clients import create_api_client
from employers.models import ApiClient, Employer, Member, Scope
from events.delivery import feed
from events.models import PlatformEvent
from tests.factories import make_api_client, make_case, make_link, make_member
from verification.checks import scripted_outcomes
from verification.rules.states import State

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Platform:
    """A test platform with a key for everything, and an approved employer with an owner."""

    def __init__(self) -> None:
        self.client, self.key = create_api_client(
            "某招聘网", list(Scope), timezone.now(), test=True
        )
        self.employer = self.employ("co-1", 0)
        self.member = self.hire(self.employer)

    def employ(self, reference: str, number: int) -> str:
        code = scripted_outcomes.code_for(number)
        body = {"reference": reference, "name": f"云溪市示例{reference}有限公司", "uscc": code}
        return str(self.call("post", "/employers", body)["id"])

    def hire(self, employer: str) -> str:
        email = f"hr.{uuid4().hex[:8]}@company.test"
        member = self.call(
            "post",
            f"/employers/{employer}/members",
            {"reference": "hr-1", "email": email, "role": "owner"},
        )["id"]
        assert (
            self.call("post", f"/test/employers/{employer}/hand-in", {"member_id": member})["http"]
            < 300
        )
        return str(member)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        given = {"Authorization": f"Bearer {self.key}"} | headers
        answer = getattr(Client(), method)(
            f"/api/v1{path}", body, content_type="application/json", headers=given
        )
        return (answer.json() if answer.content else {}) | {"http": answer.status_code}

    def put(self, reference: str = "c-1", mode: str = "ask_first", **more: Any) -> Any:
        return self.call("put", f"/candidates/{reference}", {"mode": mode} | more)

    def decide(self, candidate: str = "c-1", employer: str = "", member: str = "") -> Any:
        asked = {
            "employer_id": employer or self.employer,
            "member_id": member or self.member,
            "candidate": candidate,
        }
        return self.call("post", "/gate/decisions", asked)

    def why_not(self, candidate: str = "c-1", **who: str) -> str:
        answer = self.decide(candidate, **who)
        return "" if answer["allowed"] else str(answer["reasons"][0]["code"])

    def take(self, candidate: str = "c-1", **more: str) -> Any:
        """Download a resume, up to its release."""
        body = {"gate_pass": self.decide(candidate)["gate_pass"]} | more
        return self.call("post", "/gate/passes/spend", body)

    def ask(self, candidate: str = "c-1", **more: Any) -> Any:
        body = {"employer_id": self.employer, "member_id": self.member} | more
        return self.call("post", f"/candidates/{candidate}/consent-requests", body)

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        while feed.relay_outbox(timezone.now()):
            pass
        return [(row.type, row.payload) for row in PlatformEvent.objects.of(self.client.pk)]

    @property
    def uscc(self) -> str:
        return Employer.objects.get(pk=self.employer).uscc


class Live:
    """The same for a live platform, by calling the operations."""

    def __init__(self, now: datetime) -> None:
        self.client: ApiClient = make_api_client(now, *Scope)[0]
        self.member: Member = make_member(now)
        self.employer: Employer = self.member.employer
        self.employer.confirmed_at = now
        self.employer.save()
        make_case(self.member, now, State.APPROVED)
        make_link(self.member, self.client.pk, now)

    def candidate(
        self,
        now: datetime,
        reference: str = "c-1",
        mode: str = Mode.TELL_AFTER,
        email: str = "lin@home.example",
    ) -> Candidate:
        return operations.put_candidate(self.client, reference, operations.Told(mode, email), now)[
            0
        ]

    def ask(
        self, now: datetime, candidate: str = "c-1", member: Member | None = None
    ) -> gate_decide.Answer:
        who = member or self.member
        make_link(who, self.client.pk, now)
        return gate_decide.decide_download(
            client_id=self.client.pk,
            employer_id=who.employer_id,
            member_id=who.pk,
            candidate=candidate,
            now=now,
            zone=SHANGHAI,
        )

    def a_pass(self, now: datetime, candidate: str = "c-1", member: Member | None = None) -> str:
        who, answer = member or self.member, self.ask(now, candidate, member)
        assert answer.allowed, answer.reasons
        return passes.issue_pass(answer.id, self.client.pk, who.employer_id, who.pk)

    def take(
        self, now: datetime, candidate: str = "c-1", member: Member | None = None, job: str = ""
    ) -> UUID:
        gate_pass = self.a_pass(now, candidate, member)
        return passes.spend_pass(
            gate_pass, client_id=self.client.pk, now=now, job_title=job
        ).decision_id
