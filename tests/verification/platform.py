"""A platform in test mode, with its key, employers and proofs."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.utils import timezone

from employers.accounts.api_clients import create_api_client
from employers.models import Employer, Member, Scope
from events.delivery import feed
from events.models import PlatformEvent
from verification.checks import scripted_outcomes

ALL = [Scope.GATE_DECIDE, Scope.EMPLOYERS_READ, Scope.EMPLOYERS_WRITE, Scope.ONBOARDING_MAKE]


class Platform:
    """A test platform with its key."""

    def __init__(self, name: str = "a test") -> None:
        self.client, self.key = create_api_client(name, ALL, timezone.now(), test=True)

    def employer(self, recipe: int) -> tuple[Employer, Member]:
        code = scripted_outcomes.code_for(recipe)
        made = self.call(
            "post",
            "/employers",
            {"reference": f"e-{code}", "name": "云溪市示例科技有限公司", "uscc": code},
        )
        member = self.call(
            "post",
            f"/employers/{made['id']}/members",
            {"reference": "hr-1", "email": f"owner@{code.lower()}.test", "role": "owner"},
        )
        return Employer.objects.get(pk=made["id"]), Member.objects.get(pk=member["id"])

    def call(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.key}"}
        answer = getattr(Client(), method)(
            f"/api/v1{path}", body, content_type="application/json", headers=headers
        )
        return answer.json() | {"http": answer.status_code}

    def hand_in(self, recipe: int) -> tuple[Employer, Member, Any]:
        employer, member = self.employer(recipe)
        return (
            employer,
            member,
            self.call(
                "post", f"/test/employers/{employer.pk}/hand-in", {"member_id": str(member.pk)}
            ),
        )

    def ask(self, employer: Employer, member: Member, candidate: str = "c") -> Any:
        return self.call(
            "post",
            "/gate/decisions",
            {"employer_id": str(employer.pk), "member_id": str(member.pk), "candidate": candidate},
        )


def proven(platform: Platform, path: str, employer: Employer, member: Member, **more: Any) -> Any:
    return platform.call(
        "post", f"/test/employers/{employer.pk}/{path}", {"member_id": str(member.pk), **more}
    )


def relayed(platform: Platform) -> list[Any]:
    feed.relay_outbox(timezone.now())
    return [row.as_message() for row in PlatformEvent.objects.of(platform.client.pk)]
