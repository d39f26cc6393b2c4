"""Takes a generated employer from registration to decision, by the product's own operations.

Reading, checks and the policy are real, and their time is measured. Waits are skipped: an
applicant's clock jumps to the time when its attempt is due again, and the simulated bank, register
and people advance with it.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from PIL import Image

from documents.specimens import Company

NOW: Final = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
"""A Tuesday, ten in the morning in Shanghai: banks are open."""
LEASE: Final = 600.0
ROUNDS: Final = 40
"""More rounds than any policy can take."""
PHOTOS: Final = 3
"""How many photos a person takes, at most, when the page reports faults."""


@dataclass(frozen=True)
class Paper:
    """A document to upload.

    `shots` are the successive photos that its owner would take.
    """

    kind: str
    shots: tuple[Callable[[], bytes], ...]
    client: Company | None = None


@dataclass
class Applicant:
    """One account: its statements and documents, and how it proves its authority."""

    kind: str
    honest: bool
    company: Company
    """The company as declared."""
    papers: Sequence[Paper]
    mail_domain: str
    prove: Callable[[Walk], None] = field(default=lambda walk: None)
    """Called once the case waits, or before submission if `proves_first`."""
    proves_first: bool = True
    account_class: str = "direct_employer"
    device: str = ""
    phone: str = ""
    apart: bool = False
    """An attack that no document or register can reveal; it is reported separately."""
    contest: bool = False
    """States at registration that another account which holds the company's code is not the
    company.
    """
    waits_for: Callable[[Walk], None] | None = None
    """Called before each further round, to advance the outside world while the attempt waits."""


@dataclass
class Outcome:
    """The result for one applicant."""

    kind: str
    honest: bool
    state: str
    """The case's final state after automatic processing, or `refused` if it never became a case."""
    codes: list[str] = field(default_factory=list)
    """The reasons of the decision or refusal."""
    caught_by: list[str] = field(default_factory=list)
    """The checks with more than a note, or `door:…` for a refusal before any check."""
    seconds: float | None = None
    """Machine time from submission to decision: all rounds, without waits."""
    photos: int = 0
    conditional: bool = False
    rounds: int = 0
    number: int = 0
    """The applicant's number, the seed of everything it submitted."""
    apart: bool = False

    @property
    def approved(self) -> bool:
        """Whether the case was approved; always by the machine, as the benchmark has no people."""
        return self.state == "approved"


class Walk:
    """One applicant's way through the process."""

    def __init__(self, applicant: Applicant, number: int, now: datetime = NOW) -> None:
        self.applicant, self.number, self.now = applicant, number, now
        self.member: Any = None
        self.case: Any = None
        self.notes: dict[str, Any] = {}
        self.photos = 0

    @property
    def actor(self) -> Any:
        return self.member.as_actor()

    def go(self) -> Outcome:
        """Go all the way; a refusal is an outcome too."""
        from events.core.errors import Refused

        applicant = self.applicant
        try:
            self.register()
            self.open()
            for paper in applicant.papers:
                self.hand_in(paper)
            if applicant.proves_first:
                applicant.prove(self)
            return self.submit_and_wait()
        except Refused as refused:
            codes, caught = [refused.code], [f"door:{refused.code}"]
            return Outcome(
                applicant.kind,
                applicant.honest,
                "refused",
                codes,
                caught,
                photos=self.photos,
                number=self.number,
                apart=applicant.apart,
            )

    # --- The steps --------------------------------------------------------------------------------

    def register(self) -> None:
        """Create an account with an address verified by the mailed link."""
        from django.conf import settings

        from employers.accounts import registration
        from employers.models import Member
        from events.models import Mail

        company, email = self.applicant.company, f"hr{self.number}@{self.applicant.mail_domain}"
        user = registration.open_account(
            email=email,
            password="correct horse battery staple",
            language="zh-hans",
            links=registration.Links(settings.SITE_URL),
            now=self.now,
        )
        link = Mail.objects.filter(to=email, template="verify_email").latest("pk").context["link"]
        user = registration.verify_email(
            link.rstrip("/").rpartition("/")[2], user, settings.EMAIL_VERIFICATION_TIMEOUT, self.now
        )
        member, _ = registration.register_company(
            user,
            company=company.name,
            uscc=company.uscc,
            account_class=self.applicant.account_class,
            now=self.now,
            contest=self.applicant.contest,
        )
        self.member = Member.objects.select_related("user", "employer").get(pk=member.pk)
        self._is_seen()

    def _is_seen(self) -> None:
        """Record the device and phone, as the pages do at registration."""
        from employers.accounts import sightings

        if self.applicant.device or self.applicant.phone:
            sightings.record_sighting(
                self.member.user, self.now, device=self.applicant.device, phone=self.applicant.phone
            )
        if self.applicant.phone:
            self.member.user.phone_sealed = sightings.seal_phone(self.applicant.phone)
            self.member.user.save(update_fields=["phone_sealed"])

    def open(self) -> None:
        from verification.cases import operations

        company = self.applicant.company
        case = operations.open_case(self.member.employer, self.actor, self.now)
        self.case = operations.declare_facts(
            case.pk,
            self.actor,
            self.now,
            name=company.name,
            uscc=company.uscc,
            legal_representative=company.legal_representative,
            account_class=self.applicant.account_class,
        )

    def hand_in(self, paper: Paper) -> None:
        """Upload a photo, and a better one if the page reports a fault."""
        from documents.photo.quality import judge_page
        from documents.upload.intake import open_upload
        from verification.cases import documents
        from verification.models import DocumentKind

        licence = paper.kind == DocumentKind.BUSINESS_LICENCE
        for shot in paper.shots[:PHOTOS]:
            taken = open_upload(shot())
            photo_quality = [judge_page(page, licence) for page in taken.pages]
            self.photos += 1
            if shot is paper.shots[:PHOTOS][-1] or not any(
                judged and judged.flaws for judged in photo_quality
            ):
                break
        document = documents.add_document(
            self.case.pk,
            paper.kind,
            taken,
            {"clean": None},
            self.member.user,
            self.actor,
            self.now,
            photo_quality,
        )
        if paper.client is not None:
            from verification.intake import client_letters

            client_letters.add_client(
                document.pk,
                self.actor,
                self.now,
                name=paper.client.name,
                uscc=paper.client.uscc,
                valid_until=None,
            )

    def submit_and_wait(self) -> Outcome:
        """Submit the case, and let time pass until the machine has decided it."""
        from verification.cases import operations
        from verification.decision import pipeline

        applicant, seconds, rounds = self.applicant, 0.0, 0
        attempt = operations.submit_case(self.case.pk, self.member.user, self.actor, self.now)
        for rounds in range(1, ROUNDS + 1):
            started = time.perf_counter()
            pipeline.run_checks(attempt.pk, lambda: self.now, LEASE)
            seconds += time.perf_counter() - started
            attempt.refresh_from_db()
            if attempt.finished_at is not None:
                break
            if rounds == 1 and not applicant.proves_first:
                applicant.prove(self)
            attempt.refresh_from_db()
            self.now = max(self.now + timedelta(seconds=1), attempt.due_at)
            if applicant.waits_for is not None:
                applicant.waits_for(self)
        return self._outcome(attempt, seconds, rounds)

    def _outcome(self, attempt: Any, seconds: float, rounds: int) -> Outcome:
        from verification.decision.replay import last_round, runs_of
        from verification.models import Case
        from verification.rules.findings import Severity

        case = Case.objects.get(pk=self.case.pk)
        decision = case.decisions.first()
        found = [
            finding
            for run in runs_of(attempt, last_round(attempt))
            for finding in run.as_findings()
        ]
        caught = list(
            dict.fromkeys(finding.check for finding in found if finding.severity > Severity.NOTE)
        )
        codes = (
            [reason["code"] for reason in decision.reasons] if decision else [attempt.waiting_for]
        )
        return Outcome(
            self.applicant.kind,
            self.applicant.honest,
            str(case.state),
            codes,
            caught,
            seconds,
            self.photos,
            case.conditional,
            rounds,
            self.number,
            self.applicant.apart,
        )


# --- Ways to prove authority ----------------------------------------------------------------------


def by_code(domain: str) -> Callable[[Walk], None]:
    """Prove authority by a code mailed to an address at `domain`."""

    def prove(walk: Walk) -> None:
        from events.models import Mail
        from verification.authority import email_codes

        address = f"hr{walk.number}@{domain}"
        proof = email_codes.send_code(walk.member, address, walk.now)
        code = Mail.objects.filter(to=address, template="company_code").latest("pk").context["code"]
        email_codes.confirm_code(proof.pk, walk.member, code, walk.now + timedelta(minutes=2))

    return prove


def by_deposit(owner: str, holder: str = "") -> Callable[[Walk], None]:
    """Prove authority by a deposit to an account of `owner`, declared as `holder`'s; the memo is
    read on arrival.
    """

    def prove(walk: Walk) -> None:
        from verification.authority import deposits
        from verification.providers import banks

        number = f"90{walk.number:014d}77"
        bank: Any = banks.bank_named("simulator")
        bank.open_account(number, owner)
        walk.notes["account"] = number
        walk.notes["proof"] = deposits.start_deposit(
            walk.member, holder or owner, number, "样本银行", walk.now
        ).pk
        _bank_goes_on(walk)

    return prove


def _bank_goes_on(walk: Walk) -> None:
    """Advance until the transfer has ended: the worker polls when due, and the bookkeeper enters
    the statement.
    """
    from verification.authority import deposits, proof_polling
    from verification.models import Proof, ProofState
    from verification.providers import banks

    bank: Any = banks.bank_named("simulator")
    for _ in range(400):
        proof = Proof.objects.get(pk=walk.notes["proof"])
        if proof.state != ProofState.PENDING:
            return
        arrived = bank.statement(walk.notes["account"], walk.now)
        if arrived and "code_given_at" not in proof.observed:
            deposits.confirm_deposit(proof.pk, walk.member, arrived[-1][1], walk.now)
        proof_polling.poll_provider(proof.pk, lambda: walk.now, LEASE)
        proof.refresh_from_db()
        walk.now = max(
            walk.now + timedelta(minutes=5), min(proof.due_at, walk.now + timedelta(hours=1))
        )
    raise AssertionError("the transfer never ended")


def by_e_licence(company: Company) -> Callable[[Walk], None]:
    """Prove authority by scanning the page's code with `company`'s electronic licence."""

    def prove(walk: Walk) -> None:
        from verification.authority import proof_polling
        from verification.providers import e_licences
        from verification.providers.e_licences.base import By, ELicence

        service: Any = e_licences.e_licence_service("simulator")
        proof = proof_polling.start_scan(walk.member, walk.now)
        licence = ELicence(company.uscc, company.name, company.legal_representative)
        walk.now += timedelta(seconds=20)
        service.scan(proof.observed["qr"], walk.now)
        service.confirm(proof.observed["qr"], licence, By.LEGAL_REPRESENTATIVE, walk.now)
        walk.now += timedelta(seconds=5)
        proof_polling.poll_proof(proof.pk, walk.member, walk.now)

    return prove


# --- The outside world ----------------------------------------------------------------------------


def registered(company: Company, **changed: Any) -> None:
    """Enter the company in the register."""
    from verification.models import RegistryRecord

    row = {
        "name": company.name,
        "legal_representative": company.legal_representative,
        "status": "存续",
        "as_of": date(2026, 11, 20),
        "established_on": company.established_on,
        "email_domain": company.domain,
        "business_scope": company.business_scope,
    } | changed
    RegistryRecord.objects.update_or_create(uscc=company.uscc, defaults=row)


def licensed(agency: Company, number: str, valid_until: date | None, **changed: Any) -> None:
    """Enter the agency in its province's list of licensed agencies."""
    from documents.papers.hr_service import number_key
    from verification.models import HrLicenceRecord

    row = {
        "name": agency.name,
        "uscc": agency.uscc,
        "valid_until": valid_until,
        "as_of": date(2026, 11, 2),
    } | changed
    HrLicenceRecord.objects.update_or_create(number=number_key(number), defaults=row)


def listed_after(company: Company, wait: timedelta, **changed: Any) -> Callable[[Walk], None]:
    """Enter the company in the register once `wait` is over."""
    due = NOW + wait

    def waits(walk: Walk) -> None:
        if walk.now >= due:
            registered(company, as_of=walk.now.date(), **changed)

    return waits


def as_pdf(image: Image.Image) -> bytes:
    """Return the picture as a one-page PDF, as scanner software makes it."""
    file = io.BytesIO()
    image.save(file, "PDF", resolution=137, quality=85)
    return file.getvalue()


def recut(image: Image.Image, share: float, quality: int) -> bytes:
    """Return the picture cropped to `share` of its sides, slightly off centre, and saved again."""
    width, height = image.size
    dx, dy = width * (1 - share), height * (1 - share)
    cut = image.crop(
        (round(dx * 0.6), round(dy * 0.4), round(width - dx * 0.4), round(height - dy * 0.6))
    )
    file = io.BytesIO()
    cut.save(file, "JPEG", quality=quality)
    return file.getvalue()


def renamed(company: Company, **changed: Any) -> Company:
    return replace(company, **changed)
