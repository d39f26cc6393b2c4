"""Tests that every mail is the same in text and HTML, in both languages, loads nothing remote, and
links to its subject.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
from django.conf import settings
from django.core import mail as outbox
from django.core.mail import EmailMultiAlternatives
from django.utils import translation

from config.messages import compile_all
from events.delivery import mail
from events.delivery.mail import queue_mail
from events.sms.texts import TEXTS
from tests.factories import make_case, make_employer, make_member
from tests.words import misprints
from verification.cases import turnaround, wording
from verification.models import Attempt, CheckRun, Decision, transitions
from verification.pages.requirement_facts import requirements_of
from verification.pages.requirement_rows import tag_of
from verification.rules.findings import Finding, Severity
from verification.rules.states import State

for _folder in settings.LOCALE_PATHS:
    compile_all(Path(_folder))

pytestmark = pytest.mark.django_db

SITE = "https://zizhi.example"
FOLDER = Path(settings.BASE_DIR) / "templates" / "email"
TEMPLATES = sorted(path.stem for path in FOLDER.glob("*/*.txt") if not path.stem.startswith("_"))
CONTEXT = {
    "name": "云溪市<示例>公司",
    "company": "云溪市<示例>公司",
    "reasons": ["document_blurred", "authority_missing"],
    "note": "请看<b>第二页</b>",
    "path": "/case/",
    "code": "123456",
    "minutes": 30,
    "days": 10,
    "account": "工商银行 ···· 1234",
    "member": "li@example.com",
    "way": "bank_deposit",
    "shown": "工商银行 ···· 1234",
    "proven": False,
    "colleague": False,
    "link": f"{SITE}/x",
    "new": "li.na@example.com",
    "verb": "reject",
    "client": "云溪市<示例>公司",
    "platform": "云溪市<示例>公司",
    "address": "hr.example.com/zizhi",
    "endpoint": "0b9c",
    "why": "failing",
    "last": "HTTP 500",
    "kept_days": 30,
    "contact": "ops@site.example",
    "failures": 5,
    "until": "2026-11-24T18:15+08:00",
    "what": "set_up",
    "left": 3,
    "employers": 41,
    "who": "li.na@zizhi.example",
    "phone": "+86 138****8000",
    "purpose": "enter",
    "device": "Chrome, iPhone",
    "at": "2026-11-24T18:15+08:00",
}


def sent(template: str, language: str, now: datetime, **changes: object) -> tuple[str, str, str]:
    queued = queue_mail("a@example.com", template, language, CONTEXT | changes, now)
    assert mail.send_mail(queued.pk, now, SITE)
    letter = outbox.outbox[-1]
    assert isinstance(letter, EmailMultiAlternatives)
    ((html, kind),) = letter.alternatives
    assert kind == "text/html"
    return str(letter.subject), str(letter.body), str(html)


def plain_lines(part: str) -> list[str]:
    """Return the lines that a reader sees of a mail's text or HTML, where a new line is a blank."""
    if part.lstrip().startswith("<!doctype"):
        part = re.sub(r"<style>.*?</style>", "", re.sub(r"\s+", " ", part))
        part = re.sub(r"<(?:/?(?:p|li|ul|h1|b|blockquote|td)\b|br|span)[^>]*>", "\n", part)
    return unescape(re.sub(r"<[^>]+>", "", part)).splitlines()


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_every_mail(template: str, language: str, now: datetime) -> None:
    subject, text, html = sent(template, language, now)
    assert subject and "\n" not in subject
    chinese = re.compile(r"[\u3400-\u9fff]{2}")
    if language == "zh-hans":
        assert chinese.search(subject)
        assert '<html lang="zh-Hans">' in html
        assert misprints([subject, *plain_lines(text), *plain_lines(html)]) == []
    else:
        plain = re.sub(r"云溪市<示例>公司|工商银行|请看<b>第二页</b>", "", subject + text)
        assert not chinese.search(plain), plain
    for part in (text, html):
        assert "%(" not in part and "{{" not in part and "{%" not in part
    assert "<示例>" not in html, "user input is escaped"
    assert "<b>第二页" not in html
    assert not re.search(
        r"<(img|link|script|iframe)|@import|url\(|https?://(?!zizhi\.example|localhost)", html
    ), "nothing remote is loaded"
    (target,) = set(re.findall(r'class="go"><a href="([^"]+)"', html))
    assert target.startswith("http")
    assert target in text, "both have the same link"


@pytest.mark.parametrize("template", ["case_request_changes", "case_hold_for_review", "case_wait"])
def test_leads_to_the_very_item(template: str, now: datetime) -> None:
    _subject, text, html = sent(template, "en", now)
    assert "/case/#requirement-business_licence" in text
    assert "/case/#requirement-business_licence" in html
    assert "/case/#requirement-authority" in html, "each reason has its own link"


@pytest.mark.parametrize(
    "template",
    [
        "case_reject",
        "case_suspend",
        "case_revoke",
        "case_uphold",
        "case_hold_for_review",
        "case_expire",
        "proof_ended",
    ],
)
def test_a_decisions_reasons_say_what_was_seen_and_where_the_item_stands(
    template: str, now: datetime
) -> None:
    state = {
        "case_reject": State.REJECTED,
        "case_revoke": State.REVOKED,
        "case_hold_for_review": State.IN_REVIEW,
    }.get(template, State.SUSPENDED)
    case = make_case(make_member(now), now, state)
    reasons = [
        {
            "code": "name_mismatch",
            "field": "name",
            "seen": "甲公司",
            "expected": "乙公司",
            "check": "reading",
        }
    ]
    Decision.objects.create(
        case=case,
        attempt_number=1,
        verb="reject",
        reasons=reasons,
        policy_version="1",
        decided_at=now,
    )
    attempt = Attempt.objects.create(case=case, number=1, submitted_at=now, due_at=now)
    found = [
        Finding("reading", "name_mismatch", Severity.CONCERN, "name", "甲公司", "乙公司").as_json()
    ]
    CheckRun.objects.create(
        attempt=attempt,
        code="reading",
        version="1",
        findings=found,
        started_at=now,
        finished_at=now,
    )
    (facts,) = [item for item in requirements_of(case, None, now) if item.code == "company_facts"]
    with translation.override("en"):
        state_words = str(tag_of(facts, case.state)[0])
    chinese = sent(template, "zh-hans", now, reasons=reasons, case=str(case.pk))[1:]
    assert misprints(line for part in chinese for line in plain_lines(part)) == []
    assert "材料上显示：甲公司 · 你填写的：乙公司" in chinese[0]
    for part in sent(template, "en", now, reasons=reasons, case=str(case.pk))[1:]:
        plain = re.sub("<[^>]+>", "", part)
        assert "On the document: 甲公司" in plain and "You entered: 乙公司" in plain
        assert f"Company details: {state_words}" in part


def test_a_body_without_a_business_licence_is_sent_to_its_own_paper(now: datetime) -> None:
    case = make_case(
        make_member(now, make_employer(now, account_class="public_service")), now, State.IN_REVIEW
    )
    for template in ("case_hold_for_review", "case_reject"):
        _subject, text, html = sent(
            template, "en", now, reasons=[{"code": "document_blurred"}], case=str(case.pk)
        )
        assert "business_licence" not in text + html and "#requirement-approval_document" in html
    reasons = [{"code": "document_blurred", "field": "authorization_letter"}]
    assert (
        "#requirement-authority"
        in sent("case_hold_for_review", "en", now, reasons=reasons, case=str(case.pk))[1]
    )


def test_each_way_is_named_with_how_it_is_gone_who_can_and_how_long(now: datetime) -> None:
    case = make_case(make_member(now, email="lin@qq.com"), now, State.CHANGES_REQUESTED)
    Decision.objects.create(
        case=case,
        attempt_number=1,
        verb="request_changes",
        reasons=[{"code": "authority_missing"}],
        policy_version="1",
        decided_at=now,
    )
    (authority,) = [item for item in requirements_of(case, None, now) if item.code == "authority"]
    chinese = sent("case_request_changes", "zh-hans", now, case=str(case.pk))[1:]
    assert misprints(line for part in chinese for line in plain_lines(part)) == []
    for part in sent("case_request_changes", "en", now, case=str(case.pk))[1:]:
        plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", unescape(part))).casefold()
        with translation.override("en"):
            names = [f"{wording.WAYS[way.code]}".casefold() for way in authority.ways]
        assert all(name in plain for name in names)
        for way in authority.ways:
            assert way.how.en.casefold() in plain
            assert f"who does this: {way.who.en}".casefold() in plain
        assert plain.count("we cannot estimate this yet; we'll let you know") == 1, "of the letter"


def test_how_long_it_takes_is_told_from_what_was_decided(now: datetime) -> None:
    for part in sent("case_submit", "en", now)[1:]:
        assert unescape(part).count("can't estimate the time yet") == 1, "it is said once"
    for number in range(turnaround.AT_LEAST):
        case = make_case(make_member(now), now, State.APPROVED)
        Attempt.objects.create(
            case=case,
            number=1,
            submitted_at=now,
            due_at=now,
            finished_at=now + timedelta(minutes=number + 1),
            outcome="review",
        )
    assert (
        "Usually 3 minutes; nine in ten within 5 minutes (last 5 cases)."
        in sent("case_submit", "en", now)[1]
    )


def test_a_proof_that_came_and_one_that_did_not(now: datetime) -> None:
    assert "did not succeed" in sent("proof_ended", "en", now)[0]
    assert "have proved that you act" in sent("proof_ended", "en", now, proven=True, reasons=[])[0]


def test_who_is_refused_is_told_what_became_of_what_was_in_force(now: datetime) -> None:
    assert "start again" in sent("case_reject", "en", now)[1]
    for part in sent("case_reject", "en", now, suspended=True)[1:]:
        assert "Your company's earlier approval is suspended" in part and "start again" not in part


def test_a_colleague_is_ended_and_a_stranger_is_reported(now: datetime) -> None:
    assert "/team/" in sent("authority_notice", "en", now, colleague=True, path="/team/")[1]
    assert "/case/help/" in sent("authority_notice", "en", now, colleague=False, path="/team/")[1]


def test_every_text_has_its_html() -> None:
    html = [path for path in FOLDER.glob("*/*.html") if not path.stem.startswith("_")]
    assert {path.stem for path in html} == set(TEMPLATES)
    assert all(path.with_suffix(".txt").exists() for path in html)


def test_a_name_is_found_in_exactly_one_folder() -> None:
    assert {path.parent.name for path in FOLDER.glob("*/*")} == set(mail.FOLDERS)
    assert len(TEMPLATES) == len(set(TEMPLATES))


@pytest.mark.slow
def test_every_name_that_the_code_queues_has_its_files() -> None:
    queued = set(queued_names())
    assert {"verify_email", "candidate_asked", "client_wrong", "relay_failed"} <= queued
    assert len(queued) >= 25
    assert queued - TEXTS.keys() <= set(TEMPLATES)


@pytest.mark.parametrize("verb", transitions.transition_verbs())
def test_every_change_of_state_has_its_mail(verb: str) -> None:
    assert f"case_{verb}" in TEMPLATES or verb in {"start_checks", "ask_person"}


def queued_names() -> Iterator[str]:
    """Yield the names given to `queue_mail`, and to functions that pass theirs on to it."""
    trees = {
        path: ast.parse(path.read_text(encoding="utf-8"))
        for room in ("downloads", "verification", "employers", "events")
        for path in (Path(settings.BASE_DIR) / room).rglob("*.py")
    }
    functions = [
        (path, node)
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    ]
    sends = {
        (path, node.name): [argument.arg for argument in node.args.args].index("template")
        for path, node in functions
        if "template" in [argument.arg for argument in node.args.args]
        and (
            node.name == "queue_mail"
            or re.search(r"(?<![.\w])(queue_mail|tell_user)\(", ast.unparse(node))
        )
    }
    own = {(path, node.name) for path, node in functions}
    for path, tree in trees.items():
        for call in ast.walk(tree):
            if not isinstance(call, ast.Call):
                continue
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            for (where, sender), position in sends.items():
                if sender == name and (where == path or (path, name) not in own):
                    for argument in call.args[position : position + 1]:
                        yield from (
                            part.value
                            for part in ast.walk(argument)
                            if isinstance(part, ast.Constant)
                            and isinstance(part.value, str)
                            and not isinstance(argument, ast.JoinedStr)
                        )
