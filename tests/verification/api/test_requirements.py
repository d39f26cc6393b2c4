"""Tests of the API for requirements, in both languages and without private data."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from employers.models import ApiClient, Employer, Member, Scope
from tests.factories import (
    make_api_client,
    make_case,
    make_document,
    make_employer,
    make_link,
    make_member,
)
from verification.api.requirements import EXAMPLE, RequirementsOut
from verification.models import Case, Decision
from verification.rules.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def key(now: datetime) -> str:
    return make_api_client(now, Scope.EMPLOYERS_READ)[1]


def ask(client: Client, key: str, employer: Employer | str, **query: Any) -> Any:
    """Ask as a platform that the employer's recruiters have linked."""
    pk = employer.pk if isinstance(employer, Employer) else employer
    for member in Member.objects.filter(
        employer__in=[pk] if isinstance(employer, Employer) else []
    ):
        for platform in ApiClient.objects.filter(test=False):
            make_link(member, platform.pk, member.joined_at)
    return client.get(
        f"/api/v1/employers/{pk}/requirements", query, headers={"Authorization": f"Bearer {key}"}
    )


def test_what_is_due_why_how_and_what_it_opens(client: Client, key: str, now: datetime) -> None:
    member = make_member(now, email="lin@qq.com")
    make_document(make_case(member, now), now)
    answer = ask(client, key, member.employer)
    assert answer.status_code == 200
    told = answer.json()
    assert told["state"] == "draft" and told["next"] == "authority" and told["rules"]
    by_code = {requirement["code"]: requirement for requirement in told["requirements"]}
    assert by_code["business_licence"]["state"] == "pending_verification"
    authority = by_code["authority"]
    assert authority["state"] == "currently_due" and authority["unlocks"] == "download"
    (why,) = authority["reasons"]
    assert (
        why["code"] == "authority_missing"
        and why["says"]["zh"]
        and why["says"]["en"]
        and why["fix"]["en"]
        and why["who"]
    )
    ways = {way["code"]: way for way in authority["ways"]}
    assert ways["bank_deposit"]["strength"] == "strong"
    assert all(
        way[said][language]
        for way in ways.values()
        for said in ("how", "who", "takes")
        for language in ("zh", "en")
    )
    assert ways["vouch"]["who"] == {"zh": "已通过核验的同事", "en": "a verified colleague"}
    assert "lin@qq.com" not in answer.content.decode(), "addresses are masked"


def test_a_person_named_in_a_reason_is_masked(client: Client, key: str, now: datetime) -> None:
    member = make_member(now)
    case = make_case(member, now, State.CHANGES_REQUESTED)
    reason = {
        "code": "legal_representative_mismatch",
        "field": "legal_representative",
        "check": "reading",
        "seen": "沈望舒",
        "expected": "林知白",
    }
    Decision.objects.create(
        case=case,
        attempt_number=1,
        verb="request_changes",
        reasons=[reason],
        policy_version="1",
        decided_at=now,
    )
    text = json.dumps(ask(client, key, member.employer).json(), ensure_ascii=False)
    assert "沈***" in text and "沈望舒" not in text and "林知白" not in text


def test_the_open_case_is_meant_else_the_one_that_counts(
    client: Client, key: str, now: datetime
) -> None:
    member = make_member(now)
    make_case(member, now, State.APPROVED)
    assert ask(client, key, member.employer).json()["state"] == "approved"
    make_case(member, now)
    assert ask(client, key, member.employer).json()["state"] == "draft"


def test_an_employer_without_a_case_is_told_everything(
    client: Client, key: str, now: datetime
) -> None:
    told = ask(client, key, make_member(now, email_verified_at=None).employer).json()
    assert (
        told["state"] is None and told["next"] == "mail_address" and len(told["requirements"]) >= 5
    )
    assert not Case.objects.exists(), "the request changes nothing"


def test_a_member_is_of_this_employer_and_still_there(
    client: Client, key: str, now: datetime
) -> None:
    member, other = make_member(now), make_member(now)
    make_case(member, now)
    assert ask(client, key, member.employer, member_id=member.pk).status_code == 200
    for stranger in (other.pk, uuid4()):
        assert (
            ask(client, key, member.employer, member_id=stranger).json()["code"] == "member_unknown"
        )
    Member.objects.filter(pk=member.pk).update(left_at=now)
    assert ask(client, key, member.employer, member_id=member.pk).status_code == 404


def test_who_may_ask(client: Client, now: datetime) -> None:
    employer = make_employer(now)
    assert ask(client, "zk_wrong", employer).status_code == 401
    gate_only = make_api_client(now, Scope.GATE_DECIDE)[1]
    refused = ask(client, gate_only, employer)
    assert refused.status_code == 403 and refused["Content-Type"].startswith(
        "application/problem+json"
    )


def test_what_is_not_there(client: Client, key: str) -> None:
    unknown = ask(client, key, str(uuid4()))
    assert unknown.status_code == 404 and unknown.json()["code"] == "employer_unknown"
    assert ask(client, key, "no-id").status_code == 422


def test_the_example_in_the_document_is_an_answer() -> None:
    told = RequirementsOut.model_validate(EXAMPLE)
    assert told.model_dump(mode="json")["requirements"] == EXAMPLE["requirements"]
