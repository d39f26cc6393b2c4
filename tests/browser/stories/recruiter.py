"""Steps of a recruiter on a phone: register, upload, prove authority, submit, correct, appeal."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import override
from playwright.sync_api import Locator, Page, expect

from employers.models import Member, User
from events.models import Mail
from tests.browser.conftest import Visit
from tests.browser.hand import Hand
from tests.browser.stories.desk import work
from tests.browser.stories.employers import CLIENT, CLIENT_COMPANY, LETTER, Kind, picture, table_top
from tests.browser.stories.watch import WORDS, looks_right
from tests.factories import make_case, make_employer, make_member
from verification.authority import proof_polling
from verification.cases import wording
from verification.models import Attempt, DocumentKind, Proof, ProofKind, ProofState
from verification.providers import banks, e_licences
from verification.providers.banks.simulator import SimulatedBank
from verification.providers.e_licences.base import By, ELicence
from verification.providers.e_licences.simulator import SimulatedELicences

PASSWORD = "zizhi-2026-云溪"
ACCOUNT = "6222021001123456789"


@dataclass
class Recruiter:
    """A person with a phone who acts for one employer."""

    visitor: Visit
    kind: Kind
    colleagues: Callable[[], Visit]
    """Opens a browser for somebody else at the company."""
    hand: Hand = field(default_factory=Hand)

    @property
    def page(self) -> Page:
        return self.visitor.page

    @property
    def member(self) -> Member:
        return Member.objects.select_related("user", "employer").get(
            role="owner", employer__uscc=self.kind.body.uscc
        )

    def look(self) -> None:
        with self.hand.resting():
            looks_right(self.visitor, self.kind)

    # --- Beginning --------------------------------------------------------------------------------

    def begin(self) -> None:
        """Sign in to a draft, with a private address, which proves nothing."""
        now, body = timezone.now(), self.kind.body
        employer = make_employer(
            now, name=body.name, uscc=body.uscc, account_class=self.kind.account_class
        )
        member = make_member(now, employer, email="lin@qq.com")
        make_case(member, now)
        self.visitor.sign_in(member.user)
        self.hand = Hand()
        self.visitor.go("/case/")

    def register(self) -> None:
        """Register with an address at the company's domain, by typing the company's code."""
        page, hand, body = self.visitor.go("/register/"), Hand(), self.kind.body
        self.hand = hand
        self.look()
        hand.type(page.locator("#id_email"), f"hr@{body.domain}", focused=True)
        hand.type(page.locator("#id_password"), PASSWORD)
        hand.tap(page.locator("main form .primary"))
        expect(page.locator("#id_code")).to_be_visible()
        self.look()
        hand.type(page.locator("#id_code"), mailed("verify_email"), focused=True)
        hand.tap(page.locator("main form .primary"))
        self.look()
        hand.tap(page.locator("a[href='/register/company/type/']"))
        hand.type(page.locator("#id_uscc"), body.uscc)
        self.look()
        hand.tap(page.locator("main form.panel .primary"))
        expect(page.locator("[name=account_class]").first).to_be_attached()
        self.look()
        if not self.kind.listed:
            hand.type(page.locator("#id_company"), body.name)
        chosen = page.locator(f"[name=account_class][value={self.kind.account_class}]")
        if not chosen.is_checked():
            summary = page.locator("details.correct", has=chosen).locator("summary")
            hand.tap(summary)
            hand.tap(chosen)
        hand.tap(page.locator("main form.panel .primary"))
        expect(page.locator("#case")).to_be_visible()
        assert self.member.employer.account_class == self.kind.account_class

    # --- Documents --------------------------------------------------------------------------------

    def item_of(self, code: str) -> Locator:
        """Open a row of the list, in the folded part too, and return it."""
        item = self.page.locator(f"#item-{code}")
        finished = self.page.locator("details#finished:not([open])").filter(has=item)
        if finished.count():
            self.hand.tap(finished.locator("summary").first)
        if item.get_attribute("open") is None:
            self.hand.tap(item.locator("summary").first)
        return item

    def slot_of(self, kind: DocumentKind) -> Locator:
        """Open the row and the way of a kind of document, and return its slot."""
        slot = self.page.locator(f"#slot-{kind}")
        self.item_of(
            slot.locator("xpath=ancestor::details[starts-with(@id, 'item-')]").evaluate(
                "item => item.id.slice(5)"
            )
        )
        way = self.page.locator("details.choose-slot:not([open])").filter(has=slot)
        if way.count():
            self.hand.tap(way.locator("summary").first)
        return slot

    def upload(self, kind: DocumentKind, file: dict[str, Any]) -> None:
        slot = self.slot_of(kind)
        before = slot.locator(".documents > li").count()
        with self.page.expect_response("**/case/documents/") as answered:
            camera = slot.locator("form.upload input[name=photo]")
            assert camera.get_attribute("capture") == "environment"
            expect(slot.locator("label.camera")).to_be_visible()
            self.hand.photograph(camera, file)
        assert answered.value.status == 200, kind
        expect(slot.locator(".documents > li")).to_have_count(before + 1)
        expect(slot.get_by_role("img", name=re.compile("1")).last).to_be_visible()

    def remove(self, kind: DocumentKind) -> None:
        """Remove the first file of a slot."""
        slot = self.slot_of(kind)
        before = slot.locator(".documents > li").count()
        self.hand.tap(slot.locator(".about form button").first)
        expect(slot.locator(".documents > li")).to_have_count(before - 1)
        expect(slot.locator(".undo")).not_to_have_count(0)

    def try_every_slot(self) -> None:
        """In every slot of the class, upload something by mistake, remove it, take that back, and
        remove it again.
        """
        counted = Hand()
        counted, self.hand = self.hand, counted
        with counted.resting():
            for kind in self.kind.slots:
                self.upload(kind, table_top())
                self.remove(kind)
                slot = self.slot_of(kind)
                slot.locator(".undo button").first.click()
                expect(slot.locator(".documents > li")).to_have_count(1)
                expect(slot.locator(".undo")).to_have_count(0)
                self.look()
                self.remove(kind)
                self.look()
        self.hand = counted

    def provide(self, kinds: tuple[DocumentKind, ...], paper: dict[str, Any] | None = None) -> None:
        """Upload these documents, `paper` instead of the founding document if it is given."""
        for kind in kinds:
            self.upload(
                kind, paper if paper and kind == self.kind.paper else picture(self.kind, kind)
            )
            if kind == self.kind.paper:
                expect(self.page.locator(f"#item-{kind} > summary .tag.ready")).to_be_visible()
            if kind == CLIENT:
                self.name_client()
            self.look()
        work()
        self.visitor.go("/case/")
        self.look()

    def name_client(self) -> None:
        item = self.item_of("client_authorization")
        self.hand.type(item.locator("[name=company]").last, CLIENT_COMPANY.name)
        self.hand.type(item.locator("[name=uscc]").last, CLIENT_COMPANY.uscc)
        self.hand.tap(item.locator("details.correct button").last)
        expect(self.page.locator(".client-name")).to_have_count(1)

    # --- Authority --------------------------------------------------------------------------------

    def way_to(self, proof: str) -> None:
        item = self.item_of("authority")
        self.look()
        self.hand.tap(item.locator(f"#way-{proof} .way-head a"))
        expect(self.page.locator("#way-" + proof)).to_have_count(0)
        self.look()

    def offers(self, proof: str) -> bool:
        """Whether the page offers this way to prove authority, and whether its own page exists."""
        offered = self.item_of("authority").locator(f"#way-{proof}").count() == 1
        answer = self.page.request.get(
            f"{self.visitor.base}/case/authority/{proof.replace('_', '-')}/"
        )
        assert answer.status == (200 if offered else 404)
        return offered

    def prove_by_company_email(self) -> None:
        self.way_to("company_email")
        page = self.page
        self.hand.type(page.locator("#id_address"), f"lin@{self.kind.body.domain}")
        self.hand.tap(page.locator("form.panel .primary"))
        expect(page.locator("#id_code")).to_be_visible()
        self.look()
        self.hand.type(page.locator("#id_code"), mailed("company_code"))
        self.hand.tap(page.locator("form.panel .primary"))
        self._is_proven()

    def prove_by_bank_deposit(self) -> None:
        """Order the transfer and enter its code. The bank has not confirmed the transfer yet."""
        self.way_to("bank_deposit")
        page = self.page
        self.hand.type(page.locator("#id_account_number"), ACCOUNT)
        self.hand.type(page.locator("#id_bank_name"), "工商银行")
        self.hand.tap(page.locator("form.panel .primary"))
        expect(page.locator(".stages")).to_be_visible()
        with self.hand.resting():
            proof = Proof.objects.get(kind=ProofKind.BANK_DEPOSIT, member=self.member)
            assert proof_polling.poll_provider(proof.pk, timezone.now, 60)
            self.look()
        bank = banks.bank_named("simulator")
        assert isinstance(bank, SimulatedBank)
        [(_, code)] = bank.statement(ACCOUNT, timezone.now() + timedelta(days=1))
        self.hand.type(page.locator("#id_code"), code)
        self.hand.tap(page.locator("form.panel .primary"))
        expect(page.locator("#id_code")).to_have_count(0)
        self.look()
        self.hand.tap(page.locator("main .narrow a").first)

    def bank_confirms(self) -> None:
        proof = Proof.objects.get(kind=ProofKind.BANK_DEPOSIT, member=self.member)
        later = timezone.now() + timedelta(minutes=10)
        Proof.objects.filter(pk=proof.pk).update(due_at=timezone.now())
        assert proof_polling.poll_provider(proof.pk, lambda: later, 60)
        proof.refresh_from_db()
        assert proof.state == ProofState.PROVEN
        assert Attempt.objects.get(finished_at=None).due_at <= later, "the checks are told"

    def prove_by_e_licence(self) -> None:
        self.way_to("e_licence")
        page, body = self.page, self.kind.body
        self.hand.tap(page.locator("form.panel .primary"))
        expect(page.locator("#scan")).to_be_visible()
        self.look()
        service = e_licences.e_licence_service("simulator")
        assert isinstance(service, SimulatedELicences)
        code = Proof.objects.get(kind=ProofKind.E_LICENCE, member=self.member).observed["qr"]
        licence = ELicence(body.uscc, body.name, body.legal_representative)
        service.scan(code, timezone.now())
        assert service.confirm(code, licence, By.LEGAL_REPRESENTATIVE, timezone.now())
        self.hand.taps += 2  # on the phone of the licence: open, confirm
        self._is_proven()

    def prove_by_vouch(self) -> None:
        """Ask the company's colleague who has proven otherwise, who answers on the page."""
        colleague = colleague_of(self.member)
        self.way_to("vouch")
        self.hand.tap(self.page.locator("[type=radio]").first)
        self.hand.tap(self.page.locator("form.panel .primary"))
        expect(self.page.locator("form.panel")).to_have_count(0)
        with self.hand.resting():
            self.look()
            other = self.colleagues()
            other.sign_in(colleague)
            other.go("/case/").locator("a[href='/case/authority/asked/']").click()
            looks_right(other, self.kind)
            other.page.locator("button[name=answer][value=yes]").click()
            expect(other.page.locator("button[name=answer]")).to_have_count(0)
            looks_right(other, self.kind)
        self.page.reload()
        self._is_proven()

    def _is_proven(self) -> None:
        expect(self.page.locator(".decision.good")).to_be_visible()
        self.look()
        self.hand.tap(self.page.locator(".decision.good .primary"))

    def prove_by_authorization_letter(self) -> None:
        self.provide((LETTER,))

    def prove(self, proof: str) -> None:
        """Prove authority in this way. An address at the company's domain needs no step."""
        if proof != "mailbox":
            PROVE[proof](self)

    # --- The case ---------------------------------------------------------------------------------

    def submit(self) -> None:
        self.visitor.go("/case/")
        self.hand.tap(self.page.locator("#submit-form button"))
        expect(self.page.locator("#submit-form")).to_have_count(0)
        expect(self.page.locator("#progress")).to_be_visible()
        self.page.evaluate("window.stillTheSamePage = true")

    def is_told_of_the_approval(self) -> None:
        """The page on which the case was submitted shows the approval by itself, and says so."""
        page = self.page
        expect(page.locator(".decision.good")).to_be_visible()
        assert page.evaluate("window.stillTheSamePage")
        words = page.locator(".pill").inner_text()
        expect(page).to_have_title(re.compile(words))
        expect(page.locator("#announce")).to_have_text(words)
        self.look()
        checks = page.locator("details.fold", has=page.locator(".checks"))
        checks.locator("summary").first.click()
        expect(checks.locator(".checks > li.done")).not_to_have_count(0)
        expect(checks.locator(".checks > li:not(.done)")).to_have_count(0)
        if self.kind.listed:
            with override(page.locator("html").get_attribute("lang")):
                active = str(wording.FOUND["registry_active"].employer)
            expect(checks.get_by_text(active)).to_be_visible()
        self.look()

    def appeal(self, evidence: dict[str, Any]) -> None:
        page = self.visitor.go("/case/")
        page.locator(".decision .actions a[href='/case/appeal/']").click()
        self.look()
        page.locator("form.panel .primary").click()  # nothing is written yet
        expect(page.locator("#id_words")).to_be_visible()
        page.locator("#id_words").fill(WORDS)
        page.locator("#id_files").set_input_files(evidence)  # type: ignore[arg-type]
        page.locator("form.panel .primary").click()
        expect(page.locator("#case")).to_be_visible()


PROVE: Final[dict[str, Callable[[Recruiter], None]]] = {
    "company_email": Recruiter.prove_by_company_email,
    "bank_deposit": Recruiter.prove_by_bank_deposit,
    "e_licence": Recruiter.prove_by_e_licence,
    "vouch": Recruiter.prove_by_vouch,
    "authorization_letter": Recruiter.prove_by_authorization_letter,
}


def mailed(template: str) -> str:
    """The code in the last mail of this kind."""
    return str(Mail.objects.filter(template=template).latest("pk").context["code"])


def colleague_of(member: Member) -> User:
    """A colleague who has proven authority by a transfer."""
    now = timezone.now()
    colleague = make_member(now, member.employer, "recruiter", email="wang@qq.com")
    Proof.objects.create(
        employer=member.employer,
        member=colleague,
        uscc=member.employer.uscc,
        kind=ProofKind.BANK_DEPOSIT,
        state=ProofState.PROVEN,
        started_at=now,
        due_at=now,
        expires_at=now,
        finished_at=now,
        proven_at=now,
        holds_until=now + timedelta(days=100),
        observed={"name": member.employer.name},
    )
    return colleague.user
