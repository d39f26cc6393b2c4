"""Tests that staff find answers of any age, without a query that reads all of them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from downloads.models import GateDecision, PassUse
from employers.models import Member
from tests.factories import make_api_client, make_employer, make_member, make_user, sign_in

pytestmark = pytest.mark.django_db
ANSWERS, USES = "/console/downloads/gatedecision/", "/console/downloads/passuse/"


@pytest.fixture
def root(now: datetime) -> Client:
    return sign_in(make_user(now, is_staff=True, is_superuser=True))


@pytest.fixture
def member(now: datetime) -> Member:
    return make_member(
        now, make_employer(now, platform=make_api_client(now)[0], reference="co-1001")
    )


def answer(
    member: Member,
    at: datetime,
    *,
    allowed: bool = False,
    candidate: str = "c-1",
    **changed: object,
) -> GateDecision:
    given = {
        "client_id": uuid4(),
        "employer_id": member.employer_id,
        "member_id": member.pk,
        "uscc": member.employer.uscc,
        "tier": "held",
        "ladder_version": "1",
    } | changed
    return GateDecision.objects.create(allowed=allowed, candidate=candidate, decided_at=at, **given)


def found(root: Client, address: str, term: str, **more: str) -> set[str]:
    """Return the ids of the listed rows."""
    html = root.get(address, {"q": term} | more).content.decode()
    return set(re.findall(rf"{address}([^/\"]+)/change/", html))


def test_what_is_named_is_found_however_old(root: Client, member: Member) -> None:
    old = timezone.now() - timedelta(days=400)
    no, yes = answer(member, old), answer(member, old, allowed=True, candidate="c-2")
    other = answer(make_member(old), old)
    both = {str(no.pk), str(yes.pk)}
    code = member.employer.uscc
    for term in (
        str(member.employer_id),
        member.employer_id.hex.upper(),
        str(member.pk),
        code,
        f" {code.lower()} ",
        "co-1001",
    ):
        assert found(root, ANSWERS, term) == both, term
    assert found(root, ANSWERS, str(other.pk)) == {str(other.pk)}
    assert found(root, ANSWERS, str(member.pk), allowed__exact="1") == {str(yes.pk)}
    assert found(root, ANSWERS, str(member.employer_id), days="7") == set(), (
        "a span that is chosen holds"
    )


def test_what_was_answered_under_an_earlier_code_is_found_by_either(
    root: Client, member: Member
) -> None:
    yes = answer(
        member, timezone.now() - timedelta(days=90), allowed=True, uscc="91990101MA0000000X"
    )
    for term in ("91990101MA0000000X", member.employer.uscc):
        assert found(root, ANSWERS, term) == {str(yes.pk)}


@pytest.mark.parametrize(
    "candidate", ["cand-77", "0b9c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d", "91990101MA0000000X"]
)
def test_a_candidate_is_found_in_the_longest_span_whatever_its_reference_looks_like(
    root: Client, member: Member, candidate: str
) -> None:
    now = timezone.now()
    lately, long_ago = (
        answer(member, now - timedelta(days=days), candidate=candidate) for days in (30, 32)
    )
    assert found(root, ANSWERS, candidate) == {str(lately.pk)}
    assert found(root, ANSWERS, candidate, days="7") == set()
    assert found(root, ANSWERS, str(long_ago.pk)) == {str(long_ago.pk)}


def test_which_span_is_shown(root: Client, member: Member) -> None:
    answer(member, timezone.now())
    for asked, selected in (
        ({}, "days=1"),
        ({"q": "cand-77"}, "days=31"),
        ({"q": "co-1001", "days": "7"}, "days=7"),
        ({"q": "co-1001"}, ""),
    ):
        html = root.get(ANSWERS, asked).content.decode()
        shown = re.findall(r'class="selected">\s*<a href="\?([^"]*days=\d+)', html)
        assert {one.rpartition("days=")[2] for one in shown} == (
            {selected.removeprefix("days=")} if selected else set()
        ), asked


def test_uses_of_a_pass_are_found_by_its_answer(root: Client) -> None:
    old, decision = timezone.now() - timedelta(days=400), uuid4()
    uses = {
        str(
            PassUse.objects.create(decision_id=one, used_at=old, reason=reason, tier="held").pk
        ): one
        for one, reason in (
            (decision, ""),
            (decision, "pass_spent"),
            (decision, "pass_expired"),
            (uuid4(), ""),
        )
    }
    assert found(root, USES, str(decision)) == {pk for pk, one in uses.items() if one == decision}
    assert found(root, USES, str(uuid4())) == found(root, USES, "cand-77") == set()


# --- Query plans ----------------------------------------------------------------------------------

FILL = """
    INSERT INTO downloads_gatedecision (id, client_id, test, employer_id, member_id, candidate, uscc, allowed, reason, tier, ladder_version,
                                        case_state, decided_at)
    SELECT gen_random_uuid(), %(client)s, false, md5((n %% 2000)::text)::uuid, md5((n %% 4000)::text)::uuid, 'c-' || n,
           lpad((n %% 2000)::text, 18, '9'), n %% 3 = 0, '', 'provisional', '1', 'approved', now() - (30000 - n) * interval '50 minutes'
    FROM generate_series(1, 30000) AS n"""  # noqa: E501
FILL_USES = """
    INSERT INTO downloads_passuse (decision_id, used_at, reason, tier)
    SELECT id, decided_at, CASE WHEN n = 0 THEN '' ELSE 'pass_spent' END, tier
    FROM downloads_gatedecision CROSS JOIN generate_series(0, 1) AS n ORDER BY decided_at"""


@pytest.mark.postgresql
def test_nothing_that_is_searched_for_reads_every_answer(root: Client, member: Member) -> None:
    """PostgreSQL explains each query of the page, over three years and 30,000 answers."""
    mine = answer(member, timezone.now() - timedelta(days=500), allowed=True)
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"client": uuid4()})
        cursor.execute(FILL_USES)
        for index in ("gate_when", "passuse_when"):
            cursor.execute("SELECT brin_summarize_new_values(%s)", [index])
        cursor.execute(
            "ANALYZE downloads_gatedecision, downloads_passuse, employers_employer,"
            " employers_member"
        )
    by_member = f"SELECT 1 FROM downloads_gatedecision WHERE member_id = '{member.pk}'"
    assert "Seq Scan on downloads_gatedecision" in explained(by_member), (
        "what no index leads to would be seen here"
    )
    some = GateDecision.objects.filter(allowed=False).order_by("decided_at")[100]
    asked = [
        (ANSWERS, term)
        for term in (
            str(mine.pk),
            str(some.pk),
            str(some.employer_id),
            str(member.pk),
            str(member.employer_id),
            member.employer.uscc,
            some.uscc,
            "co-1001",
            some.candidate,
            "c-29990",
            str(uuid4()),
            "no such thing",
            "",
        )
    ]
    asked += [(USES, str(some.pk)), (USES, "")]
    for address, term in asked:
        with CaptureQueriesContext(connection) as queries:
            assert root.get(address, {"q": term}).status_code == 200
        read = [
            query["sql"]
            for query in queries
            if re.search(r'FROM "downloads_(gatedecision|passuse)"', query["sql"])
        ]
        assert len(read) >= 2, "the rows, and how many they are"
        for sql in read:
            plan = explained(sql)
            assert not re.search(r"Seq Scan on downloads_", plan), (term, sql, plan)
    assert found(root, ANSWERS, str(some.pk)) == {str(some.pk)} and UUID(int=0) != some.pk


def explained(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + sql.replace("%", "%%"), None if "%" not in sql else [])
        return "\n".join(row[0] for row in cursor.fetchall())
