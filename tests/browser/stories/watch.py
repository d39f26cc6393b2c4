"""What is looked at after every step: the page is calm, accessible and translated, and says one
thing about who acts next.
"""

from __future__ import annotations

import re
from typing import Final

from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from employers.models import Member
from tests.browser.conftest import Visit
from tests.browser.stories.employers import (
    AGENCY,
    APPROVAL,
    CLIENT,
    CLIENT_COMPANY,
    LETTER,
    LICENCE,
    OTHER_COMPANY,
    Kind,
)
from tests.browser.test_pages import serious
from tests.words import left_in_latin
from verification.models import Case
from verification.pages import requirement_facts
from verification.pages.case_page import current_case
from verification.rules import states
from verification.rules.states import State
from verification.rules.turn import Turn

PILLS: Final = {
    Turn.EMPLOYER: {"draft", "changes_requested"},
    Turn.ZIZHI: {"submitted", "checking", "in_review", "approved"},
    Turn.BANK: {"submitted", "checking"},
    Turn.NOBODY: {"approved", "rejected"},
}
"""The styles of the badge that say that this side acts next."""
STEPS: Final = {"draft": 1, "changes_requested": 1, "submitted": 2, "checking": 2, "in_review": 3}
"""By the style of the badge, the step under way (counted from 0); other cases are through."""
TO_DO: Final = ".tag.todo, .tag.again, .tag.overdue"
"""Tags of rows in which the employer has something to do."""
OFFERED: Final = {State.CHECKING: {LETTER, CLIENT}, State.APPROVED: {CLIENT}}
"""The kinds of documents that a submitted case takes; those of a draft depend on the class."""
NOTE: Final = "请看第一份材料。"
"""What the reviewers write."""
WORDS: Final = "传错了一份材料，正确的附在这里。"
"""What the recruiter writes."""
LATIN: Final = ("App", "qq.com", "lin@qq.com", "wang@qq.com")
"""Words of a Chinese page that are not Chinese."""
HAN: Final = re.compile("[\u3400-\u9fff]+")
SEEN_BY_AXE: set[int] = set()
"""Pages that differ from an earlier one in nothing but numbers need no second look by axe."""


def looks_right(visitor: Visit, kind: Kind) -> None:
    """Check one page of the recruiter: nothing broke, it fits the phone, axe finds nothing, and it
    is in one language.
    """
    visitor.is_calm()
    page = visitor.page
    expect(page.locator(".status-code")).to_have_count(0)
    if (
        look := hash(re.sub(r"[0-9a-f-]{36}|\d+|csrf\S+|value=\S+", "", page.content()))
    ) not in SEEN_BY_AXE:
        assert serious(Axe().run(page).response["violations"]) == [], page.url
        SEEN_BY_AXE.add(look)
    is_translated(page, kind)


def is_translated(page: Page, kind: Kind) -> None:
    """Check that no text was left in the other language, but for names and what the employer or its
    documents say.
    """
    other = page.locator("main").evaluate(
        """(main) => {
          const lang = document.documentElement.lang.startsWith("zh") ? "zh" : "en", said = [];
          const texts = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
          for (let text = texts.nextNode(); text; text = texts.nextNode()) {
            const marked = text.parentElement.closest("[lang]");
            const hidden = text.parentElement.closest("script, style, noscript, template");
            if (!hidden && marked.lang.startsWith(lang)) said.push(text.data.trim());
          }
          return said;
        }"""
    )
    names = [
        *(
            getattr(company, name)
            for company in (kind.body, CLIENT_COMPANY, OTHER_COMPANY)
            for name in ("name", "legal_representative")
        ),
        "工商银行",
        NOTE,
        WORDS,
    ]
    if page.evaluate("document.documentElement.lang").startswith("zh"):
        assert not (left := left_in_latin(other, *LATIN)), f"{left} at {page.url}"
        return
    for name in names:
        other = [text.replace(name, "") for text in other]
    # Documents without an English name are told in both languages.
    left = [text for text in other if HAN.search(text) and " / " not in text]
    assert not left, f"{left} at {page.url}"


def is_turn_of(visitor: Visit, member: Member, kind: Kind, turn: Turn) -> Case:
    """Check the case page: rule, badge, steps, head card and rows all say that `turn` acts next,
    and the fields for documents are those that the case takes.
    """
    page = visitor.go("/case/")
    looks_right(visitor, kind)
    case = current_case(member)
    assert case is not None
    by_rule = requirement_facts.turn_of_case(case, timezone.now())
    assert by_rule is turn, f"{by_rule}, not {turn}, in {case.state}"
    style = (page.locator(".case-head .pill").get_attribute("class") or "").split()[-1]
    assert style in PILLS[turn], (style, turn)
    under_way = page.locator(".steps li").evaluate_all(
        "steps => steps.findIndex(step => step.getAttribute('aria-current') === 'step')"
    )
    assert under_way == STEPS.get(style, -1), (style, under_way)
    asks = page.locator("section.next, #submit-form, .decision.attention .actions")
    if turn is Turn.EMPLOYER:
        assert asks.count(), "the page says what to do"
    else:
        expect(asks).to_have_count(0)
        expect(page.locator(TO_DO)).to_have_count(0)
    _takes_what_it_offers(page, member, kind, case)
    return case


def _takes_what_it_offers(page: Page, member: Member, kind: Kind, case: Case) -> None:
    offered = {
        each
        for each in (LICENCE, APPROVAL, AGENCY, CLIENT, LETTER)
        if page.locator(f"#slot-{each} form.upload").count()
    }
    if case.state in states.EDITABLE:
        assert offered == set(kind.slots)
    else:
        of_class = set(kind.slots) & OFFERED.get(State(case.state), set())
        assert offered <= of_class, case.state
        if case.state == State.APPROVED:
            assert offered == of_class
