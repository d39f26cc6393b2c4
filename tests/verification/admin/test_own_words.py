"""Tests that a reviewer sees the employer's appeals, evidence, statements and proofs."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client

from tests.factories import make_case, make_document, make_member, make_reviewer
from verification.models import Appeal, DocumentKind, Proof, ProofKind, ProofState, Statement
from verification.rules.states import State

pytestmark = pytest.mark.django_db


def test_stands_on_the_page_of_the_case(now: datetime) -> None:
    member = make_member(now)
    case = make_case(member, now, State.IN_REVIEW)
    licence, evidence = (
        make_document(case, now),
        make_document(case, now, DocumentKind.APPEAL_EVIDENCE),
    )
    Appeal.objects.create(case=case, text="登记<b>有误</b>", by=member.user, at=now).documents.add(
        evidence
    )
    for field, read, said in (("name", "甲公司", "甲公司"), ("uscc", "读到的代码", "所称的代码")):
        Statement.objects.create(
            document=licence, field=field, read=read, said=said, by=member.user, at=now
        )
    Proof.objects.create(
        employer=member.employer,
        member=member,
        uscc=case.declared_uscc,
        kind=ProofKind.BANK_DEPOSIT,
        state=ProofState.FAILED,
        shown="工商银行 ···· 1234",
        failure="bank_account_invalid",
        started_at=now,
        expires_at=now,
        due_at=now,
        finished_at=now,
    )
    reviewer = Client(headers={"accept-language": "en"})
    reviewer.force_login(make_reviewer(now))
    page = reviewer.get(f"/console/verification/case/{case.pk}/change/").content.decode()
    marked = '<mark lang="zh-Hans">所称的代码</mark>'
    words = (
        "The employer's own words",
        "登记&lt;b&gt;有误&lt;/b&gt;",
        "1 file",
        "Evidence for an appeal",
    )
    for said in (*words, "读到的代码", marked, "says it is right", "工商银行 ···· 1234"):
        assert said in page, said
