"""The story of every class of employer with every proof of authority, to every end.

By default, every two of class, proof and end meet at least once. With ZIZHI_TEST_EVERY_STORY=1, all
combinations are played.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from itertools import combinations, product
from pathlib import Path
from typing import Any, Final

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Visitor
from tests.browser.stories.desk import QUEUE, decide, needs_another, time_passes, work
from tests.browser.stories.employers import KINDS, LETTER, enter, picture, wrong_paper
from tests.browser.stories.recruiter import Recruiter
from tests.browser.stories.watch import is_turn_of
from tests.factories import make_reviewer
from verification.models import Appeal, Case
from verification.providers import banks, e_licences
from verification.providers.banks.simulator import Fate, SimulatedBank
from verification.providers.e_licences.simulator import SimulatedELicences
from verification.rules.required_documents import AUTHORITY, CURRENT
from verification.rules.states import State
from verification.rules.turn import Turn

pytestmark = pytest.mark.django_db(transaction=True)

PROOFS: Final = ("mailbox", *CURRENT.items[AUTHORITY].ways)
"""An address at the company's own domain, and the ways that the rules know."""
ENDS: Final = ("approved", "sent-back", "refused", "upheld", "granted")
FORBIDDEN: Final = [(kind, "e_licence") for kind in KINDS if KINDS[kind].certificate]
"""Only a body with a business licence has an electronic one."""
Story = tuple[str, str, str]
ALL: Final = [story for story in product(KINDS, PROOFS, ENDS) if story[:2] not in FORBIDDEN]


def pairwise(stories: list[Story]) -> list[Story]:
    """Return stories in which every two values meet that meet in any story, the most different
    first.
    """
    missing = {pair for story in stories for pair in combinations(enumerate(story), 2)}
    unseen = {value for story in stories for value in enumerate(story)}
    chosen = []
    while missing:
        best = max(
            stories,
            key=lambda story: (
                len(missing.intersection(combinations(enumerate(story), 2))),
                len(unseen.intersection(enumerate(story))),
            ),
        )
        missing.difference_update(combinations(enumerate(best), 2))
        unseen.difference_update(enumerate(best))
        chosen.append(best)
    return chosen


EVERY: Final = os.environ.get("ZIZHI_TEST_EVERY_STORY") == "1"
PLAYED: Final = ALL if EVERY else pairwise(ALL)


@pytest.fixture(autouse=True)
def providers(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bank and a licence service that work at any hour."""
    settings.BANK = settings.E_LICENCES = "simulator"
    bank = SimulatedBank(tmp_path / "bank", fates={}, otherwise=Fate(timedelta(minutes=1)))
    licences = SimulatedELicences(tmp_path / "licences", prompt=True)
    monkeypatch.setitem(banks.BANKS, "simulator", lambda: bank)
    monkeypatch.setitem(e_licences.SERVICES, "simulator", lambda: licences)


@pytest.fixture
def recruiter(visit: Visitor, request: pytest.FixtureRequest) -> Recruiter:
    """A recruiter of the story's class. Half of the stories are in English."""
    story = request.node.callspec.params
    names = list(story.values())
    locale = ("zh-CN", "en")[sum(map(len, names)) % 2]
    kind = KINDS[story["kind"]]
    if kind.listed:
        enter(kind)
    return Recruiter(visit(**PHONE, locale=locale), kind, lambda: visit(**PHONE, locale=locale))


@pytest.mark.parametrize(("kind", "proof"), FORBIDDEN)
def test_a_proof_that_a_class_cannot_have_is_not_offered(
    recruiter: Recruiter, kind: str, proof: str
) -> None:
    recruiter.begin()
    assert not recruiter.offers(proof)
    assert recruiter.offers("vouch")


class Play:
    """One story: the recruiter, the reviewers, and what the checks should say."""

    def __init__(self, recruiter: Recruiter, proof: str, end: str, visit: Visitor) -> None:
        self.recruiter, self.proof, self.end, self.visit = recruiter, proof, end, visit
        self.kind = recruiter.kind
        self.reviewers = iter(
            make_reviewer(timezone.now(), f"r{n}@zizhi.example") for n in range(4)
        )

    def is_turn_of(self, turn: Turn) -> Case:
        with self.recruiter.hand.resting():
            return is_turn_of(self.recruiter.visitor, self.recruiter.member, self.kind, turn)

    @property
    def by_a_person(self) -> bool:
        """Whether a reviewer decides even if everything is in order."""
        return self.kind.certificate is not None or self.proof == "authorization_letter"

    def hand_in(self, paper: dict[str, Any] | None = None) -> None:
        """From the first page to the submission, with `paper` instead of the founding document."""
        me = self.recruiter
        (me.register if self.proof == "mailbox" else me.begin)()
        self.is_turn_of(Turn.EMPLOYER)
        if self.end != "approved":  # that is the honest way, whose taps are counted
            me.try_every_slot()
        me.provide(me.kind.slots[:-1], paper)
        me.prove(self.proof)
        self.is_turn_of(Turn.EMPLOYER)
        me.submit()
        me.look()

    def checked(self) -> None:
        """Run the checks of what is in order, until they decide or a reviewer has to."""
        me, kind = self.recruiter, self.kind
        work()
        if not Case.objects.open().exists():
            me.is_told_of_the_approval()
        if self.by_a_person and not kind.young:
            self.is_turn_of(Turn.ZIZHI)
            return
        if self.proof == "bank_deposit" and Case.objects.open().exists():
            self.is_turn_of(Turn.BANK)
            me.bank_confirms()
            time_passes()
        if kind.young and self.proof not in ("bank_deposit", "e_licence"):
            self.is_turn_of(Turn.ZIZHI if self.proof == "vouch" else Turn.EMPLOYER)
            enter(kind)
            time_passes()
        if self.by_a_person:
            self.is_turn_of(Turn.ZIZHI)

    def decided(self, verb: str, reason: str = "") -> Case:
        """A reviewer decides, and a second one if two have to agree."""
        case = Case.objects.latest("opened_at")
        assert case.state == State.IN_REVIEW
        decide(self.visit(), next(self.reviewers), case, verb, reason)
        if needs_another(case):
            self.is_turn_of(Turn.ZIZHI)
            decide(self.visit(), next(self.reviewers), case, verb, reason)
        case.refresh_from_db()
        return case

    def is_approved(self) -> None:
        me = self.recruiter
        if self.by_a_person:
            self.decided("approve")
        conditional = self.kind.young and self.proof in ("bank_deposit", "e_licence")
        case = self.is_turn_of(Turn.ZIZHI if conditional else Turn.NOBODY)
        assert (case.state, case.conditional) == (State.APPROVED, conditional)
        expect(me.page.locator(".decision.good")).to_be_visible()

    def doubted(self) -> Case:
        """Hand in what a reviewer has to look at."""
        self.hand_in(wrong_paper(self.kind))
        work()
        return self.is_turn_of(Turn.ZIZHI)

    # --- The ends ---------------------------------------------------------------------------------

    def approved(self) -> None:
        self.hand_in()
        self.checked()
        self.is_approved()

    def sent_back(self) -> None:
        """Only the founding document is photographed again."""
        me = self.recruiter
        self.doubted()
        assert (
            self.decided("request_changes", "document_unreadable").state == State.CHANGES_REQUESTED
        )
        self.is_turn_of(Turn.EMPLOYER)
        expect(me.page.locator(".tag.again")).to_have_count(1)
        me.upload(me.kind.paper, picture(me.kind, me.kind.paper))
        me.remove(me.kind.paper)
        work()
        self.is_turn_of(Turn.EMPLOYER)
        me.submit()
        self.checked()
        self.is_approved()

    def refused(self) -> None:
        """The employer begins anew, and uses its letter again if it has given one."""
        me = self.recruiter
        self.doubted()
        assert self.decided("reject", "review_decided").state == State.REJECTED
        self.is_turn_of(Turn.NOBODY)
        me.page.locator(".decision form button").click()
        expect(me.page.locator("#submit-form, section.next")).not_to_have_count(0)
        self.is_turn_of(Turn.EMPLOYER)
        if self.proof == "authorization_letter":
            slot = me.slot_of(LETTER)
            slot.locator(".again button").click()
            expect(slot.locator(".documents > li")).to_have_count(1)
            me.look()

    def appealed(self) -> Case:
        me = self.recruiter
        self.doubted()
        case = self.decided("reject", "review_decided")
        assert case.state == State.REJECTED
        self.is_turn_of(Turn.NOBODY)
        me.appeal(picture(me.kind, me.kind.paper))
        self.is_turn_of(Turn.ZIZHI)
        first = self.visit()
        first.sign_in(case.decisions.filter(decided_by__isnull=False).first().decided_by)
        expect(first.go(f"{QUEUE}{case.pk}/change/").locator("h1")).to_have_text(case.declared_name)
        expect(first.page.locator("form[action*='/claim/'], .decision-approve")).to_have_count(0)
        return case

    def upheld(self) -> None:
        self.appealed()
        case = self.decided("reject", "review_decided")
        assert case.state == State.REJECTED
        self.is_turn_of(Turn.NOBODY)
        expect(self.recruiter.page.locator("a[href='/case/appeal/']")).to_have_count(0)
        assert Appeal.objects.get().answered_at is not None

    def granted(self) -> None:
        self.appealed()
        case = self.decided("approve")
        assert case.state == State.APPROVED
        self.is_turn_of(Turn.NOBODY)


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    ("kind", "proof", "end"),
    [
        pytest.param(*story, marks=pytest.mark.xdist_group(f"story of {story[0]}"))
        for story in PLAYED
    ],
)
def test_every_class_by_every_proof_to_every_end(
    visit: Visitor,
    recruiter: Recruiter,
    kind: str,
    proof: str,
    end: str,
    record_property: Callable[[str, object], None],
) -> None:
    play = Play(recruiter, proof, end, visit)
    getattr(play, end.replace("-", "_"))()
    if end == "approved":
        record_property("counted", str(recruiter.hand))
