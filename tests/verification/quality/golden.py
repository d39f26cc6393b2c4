"""Makes and rules on golden cases for tests, and reduces responses so that they can be compared."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from employers.accounts.sightings import phone_of, seal_phone
from employers.masking import masked_phone
from employers.models import User
from employers.permissions import Power
from tests.browser import cases
from tests.verification.staff import make_staff
from verification.models import Case, GoldenCase, Ruling, Statement
from verification.reviewing import claims, rulings

LATER = timedelta(seconds=30)
Made = Callable[..., GoldenCase]


def ruled(
    case: Case,
    reviewer: User,
    now: datetime,
    verb: str = "reject",
    codes: tuple[str, ...] = ("name_mismatch",),
) -> Ruling:
    """Claim the case, rule on it and carry out the ruling."""
    case = claims.claim_case(case.pk, reviewer, now)
    ruling = rulings.rule_on_case(
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
    """Return a real case of a fictitious company, decided by a person."""
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


def told(case: Case, response: Any) -> list[Any]:
    """Return a response without what differs between any two cases: ids, tokens, addresses,
    numbers.
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
    body = re.sub(r"(?:检查记录|事件) \d+|&quot;ruling&quot;: \d+", "row", body)
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
