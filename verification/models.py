"""What is kept of a verification? The case, its documents, each attempt's checks, and the decisions."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from employers.models import AccountClass, Employer, Member, User
from events.queue import Job, JobQuerySet
from verification import states
from verification.findings import Finding, Outcome
from verification.flaws import Quality
from verification.states import State


class CaseQuerySet(models.QuerySet["Case"]):
    def open(self) -> CaseQuerySet:
        return self.filter(state__in=states.OPEN)

    def in_force(self, now: datetime) -> CaseQuerySet:
        """Approved, and not past its time: the employer holds rights by it."""
        return self.filter(state=State.APPROVED, expires_at__gt=now)

    def stopped(self) -> CaseQuerySet:
        """Suspended or revoked."""
        return self.filter(state__in=states.STOPPED)

    def of(self, employer: Employer) -> CaseQuerySet:
        """An employer's cases, the one that counts first: the last approved, else the last opened."""
        return self.filter(employer=employer).order_by(models.F("approved_at").desc(nulls_last=True), "-opened_at")

    def awaiting_review(self) -> CaseQuerySet:
        """The reviewers' queue, longest waiting first."""
        return self.filter(state__in=states.REVIEWABLE).order_by("submitted_at")

    def open_to(self, reviewer_id: str) -> CaseQuerySet:
        """Without appeals against this reviewer's own refusals."""
        mine = Decision.objects.appealed_from(reviewer_id).filter(case=models.OuterRef("pk"))
        return self.exclude(models.Exists(mine), appealed_at__isnull=False)

    def unclaimed(self, now: datetime) -> CaseQuerySet:
        return self.filter(Q(claimed_until=None) | Q(claimed_until__lte=now))


def _transition(verb: str) -> Any:
    def move(self: Case) -> None:
        """Only the state changes here; `operations.moving` does the rest."""

    move.__name__ = verb
    return transition(field="state", source=sorted(states.sources(verb)), target=states.target(verb).value)(move)


if TYPE_CHECKING:

    class CaseTransitions: ...

else:
    # One django-fsm transition for each verb of the table in `states`, so that the table stands once.
    CaseTransitions = type("CaseTransitions", (), {verb: _transition(verb) for verb in states.VERBS})


class Case(CaseTransitions, ConcurrentTransitionMixin, models.Model):
    """One verification of one employer's declared identity. Moved only by `verification.operations`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    employer = models.ForeignKey(Employer, on_delete=models.PROTECT, related_name="cases", verbose_name=_("employer"))
    state = FSMField(_("state"), default=State.DRAFT, choices=[(s.value, s.value) for s in State], protected=True, db_index=True)
    attempt_number = models.PositiveIntegerField(_("attempt"), default=1)
    version = models.PositiveIntegerField(_("version"), default=0)

    declared_name = models.CharField(_("company name"), max_length=200)
    declared_uscc = models.CharField(_("unified social credit code"), max_length=18)
    declared_legal_representative = models.CharField(_("legal representative"), max_length=100, blank=True)
    account_class = models.CharField(_("account class"), max_length=20, choices=AccountClass.choices)

    opened_at = models.DateTimeField(_("opened"))
    submitted_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("submitted by")
    )
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    expires_at = models.DateTimeField(_("valid until"), null=True, blank=True)
    conditional = models.BooleanField(_("on condition"), default=False)
    """Approved on condition: tier `provisional` until the register confirms."""
    appealed_at = models.DateTimeField(_("appealed"), null=True, blank=True)

    claimed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("claimed by"))
    claimed_until = models.DateTimeField(_("claimed until"), null=True, blank=True)

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("case"), _("cases")
        constraints = [
            models.UniqueConstraint(fields=["employer"], condition=Q(state__in=sorted(states.OPEN)), name="case_one_open_per_employer"),
            models.CheckConstraint(
                condition=~Q(state__in=sorted(states.EVER_APPROVED)) | Q(approved_at__isnull=False, expires_at__isnull=False),
                name="case_approved_has_dates",
            ),
            models.CheckConstraint(
                condition=Q(claimed_by__isnull=True, claimed_until__isnull=True) | Q(claimed_by__isnull=False, claimed_until__isnull=False),
                name="case_claim_is_whole",
            ),
            models.CheckConstraint(condition=Q(state__in=[s.value for s in State]), name="case_state_known"),
        ]
        indexes = [
            models.Index(fields=["employer", "-approved_at", "-opened_at"], name="case_that_counts"),
            models.Index(fields=["submitted_at"], condition=Q(state=State.IN_REVIEW), name="case_review_queue"),
        ]

    def __str__(self) -> str:
        return f"{self.declared_name} · {self.state}"

    def holds_rights(self, now: datetime) -> bool:
        """Whether rights are held by this case at `now`."""
        return self.state == State.APPROVED and self.expires_at is not None and self.expires_at > now

    def claimed(self, now: datetime) -> bool:
        """Whether a reviewer holds the case at `now`."""
        return self.claimed_until is not None and self.claimed_until > now

    def claimed_by_me(self, user_id: str, now: datetime) -> bool:
        return self.claimed(now) and str(self.claimed_by_id) == user_id

    def claimed_by_other(self, user_id: str, now: datetime) -> bool:
        return self.claimed(now) and str(self.claimed_by_id) != user_id


class DocumentKind(models.TextChoices):
    BUSINESS_LICENCE = "business_licence", _("Business licence")
    AUTHORIZATION_LETTER = "authorization_letter", _("Letter of authorisation")
    HR_SERVICE_LICENCE = "hr_service_licence", _("HR service licence")
    APPROVAL_DOCUMENT = "approval_document", _("Approval document")
    CLIENT_AUTHORIZATION = "client_authorization", _("Client's authorisation")
    APPEAL_EVIDENCE = "appeal_evidence", _("Evidence for an appeal")


class DocumentQuerySet(models.QuerySet["Document"]):
    def current(self) -> DocumentQuerySet:
        """Not replaced by a later upload, nor removed."""
        return self.filter(superseded_at=None)

    def shown(self) -> DocumentQuerySet:
        """Licences that somebody submitted and stands by: a picture in a draft accuses nobody."""
        unsaid = (State.DRAFT, State.WITHDRAWN)
        return self.current().filter(kind=DocumentKind.BUSINESS_LICENCE).exclude(case__state__in=unsaid)


class Document(models.Model):
    """One uploaded file, as the clean pages that were made of it; of the original only its hash is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="documents", verbose_name=_("case"))
    kind = models.CharField(_("kind"), max_length=30, choices=DocumentKind.choices)
    sha256 = models.CharField(_("SHA-256 of the original"), max_length=64, db_index=True)
    size = models.PositiveIntegerField(_("size in bytes"))
    media_type = models.CharField(_("media type"), max_length=40)
    editor = models.CharField(_("editing software"), max_length=100, blank=True)
    """What program says it made the picture (EXIF); evidence, no more."""
    scan = models.JSONField(_("virus scan"), default=dict)
    """What the virus scanner said of the original bytes, which are not kept."""
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("uploaded by"))
    uploaded_at = models.DateTimeField(_("uploaded"))
    superseded_at = models.DateTimeField(_("replaced"), null=True, blank=True)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("document"), _("documents")
        constraints = [
            models.UniqueConstraint(fields=["case", "kind", "sha256"], condition=Q(superseded_at=None), name="document_once_per_case"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def to_look_at(self) -> list[DocumentPage]:
        """Pages whose photograph has a flaw."""
        return [page for page in self.pages.all() if page.judged.flaws]


class DocumentPage(models.Model):
    """One page as a clean JPEG, upright, without metadata, encrypted at rest."""

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="pages")
    number = models.PositiveSmallIntegerField()
    image = models.FileField(max_length=200)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    fingerprint = models.CharField(max_length=64)
    quality = models.JSONField(null=True, blank=True)
    """What was seen of the photograph's quality when it came in (`flaws.Quality`); null where nobody looked."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "number"], name="page_number_once")]
        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.document_id} p. {self.number}"

    @property
    def judged(self) -> Quality:
        return Quality.from_json(self.quality)


class Attempt(Job):
    """One submission of a case. The row is the queue: it waits until its checks are done and a verdict is carried out."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="attempts", verbose_name=_("case"))
    number = models.PositiveIntegerField(_("number"))
    submitted_at = models.DateTimeField(_("submitted"))
    waits = models.PositiveIntegerField(_("times waited"), default=0)
    waiting_for = models.CharField(_("waiting for"), max_length=60, blank=True)
    """The reason for which it waits, such as `registry_pending`; empty while it does not."""
    outcome = models.CharField(_("outcome"), max_length=10, choices=[(o.value, o.value) for o in Outcome], blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("submission"), _("submissions")
        constraints = [models.UniqueConstraint(fields=["case", "number"], name="attempt_number_once")]
        indexes = [models.Index(fields=["due_at"], name="attempt_due", condition=Q(finished_at=None))]

    def __str__(self) -> str:
        return f"{self.case_id} #{self.number}"


class CheckRun(models.Model):
    """One check of one attempt: what it observed, kept raw, and what was found in that."""

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="check_runs")
    code = models.CharField(max_length=30)
    round = models.PositiveIntegerField(default=0)
    """How often the attempt had waited before; each round asks anew what may have changed."""
    version = models.CharField(max_length=20)
    observation = models.JSONField(default=dict)
    findings = models.JSONField(default=list)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["attempt", "code", "round"], name="check_once_per_round")]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.code}"

    @property
    def seconds(self) -> float:
        return (self.finished_at - self.started_at).total_seconds()

    def as_findings(self) -> list[Finding]:
        return [Finding.from_json(stored) for stored in self.findings]


class DecisionQuerySet(models.QuerySet["Decision"]):
    def appealed_from(self, reviewer_id: str) -> DecisionQuerySet:
        """Refusals by this reviewer, who is not the one to hear an appeal against them."""
        return self.filter(verb="reject", decided_by=uuid.UUID(reviewer_id))


class Decision(models.Model):
    """What was decided on an attempt, by whom or by which policy, and the reasons that the employer is told."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="decisions", verbose_name=_("case"))
    attempt_number = models.PositiveIntegerField(_("attempt"))
    verb = models.CharField(_("decision"), max_length=30)
    reasons = models.JSONField(_("reasons"), default=list)
    """`[{"code", "field", "seen", "expected"}]`, the strictest first."""
    note = models.TextField(_("note"), blank=True)
    """What the reviewer wrote to the employer."""
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("decided by"))
    policy_version = models.CharField(_("policy version"), max_length=40)
    decided_at = models.DateTimeField(_("decided"))

    objects = DecisionQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("decision"), _("decisions")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.verb} {self.case_id}"


class ProofKind(models.TextChoices):
    """The ways, besides a letter, in which a recruiter can show that the company has authorised it."""

    COMPANY_EMAIL = "company_email", _("E-mail at the company's domain")
    BANK_DEPOSIT = "bank_deposit", _("Deposit to the company's bank account")
    VOUCH = "vouch", _("A verified colleague vouches")
    E_LICENCE = "e_licence", _("Scan of the electronic licence")


class ProofState(models.TextChoices):
    PENDING = "pending", _("under way")
    PROVEN = "proven", _("proven")
    FAILED = "failed", _("failed")
    LAPSED = "lapsed", _("ran out of time")


class ProofQuerySet(JobQuerySet):
    def of(self, member: Member, uscc: str) -> ProofQuerySet:
        """A recruiter's proofs for one company, the latest first. A proof says nothing of another company or person."""
        return self.filter(member=member, uscc=uscc).order_by("-started_at")

    def standing(self, now: datetime) -> ProofQuerySet:
        """Proven, and not past their time."""
        return self.filter(state=ProofState.PROVEN).filter(Q(holds_until=None) | Q(holds_until__gt=now))

    def under_way(self) -> ProofQuerySet:
        return self.filter(state=ProofState.PENDING)


class Proof(Job):
    """One attempt of a recruiter to show its authority. As a Job it is due whenever its provider is to be asked again."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    employer = models.ForeignKey(Employer, on_delete=models.PROTECT, related_name="proofs", verbose_name=_("employer"))
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="proofs", verbose_name=_("recruiter"))
    uscc = models.CharField(_("unified social credit code"), max_length=18)
    """The company for which it is given: a changed code voids it."""
    kind = models.CharField(_("kind"), max_length=20, choices=ProofKind.choices)
    state = models.CharField(_("state"), max_length=10, choices=ProofState.choices, default=ProofState.PENDING)
    shown = models.CharField(_("what it is about"), max_length=254, blank=True)
    """What a page may show of it: the address, the masked account, the colleague."""
    sealed = models.TextField(blank=True)
    """What only the provider needs, sealed (`events.sealing`); erased when the proof has ended."""
    code_hash = models.CharField(max_length=128, blank=True)
    """Of the code that was sent by mail or as the transfer's memo."""
    guesses = models.PositiveSmallIntegerField(default=0)
    """Wrong codes given so far."""
    provider = models.CharField(_("provider"), max_length=30, blank=True)
    reference = models.CharField(_("provider's reference"), max_length=100, blank=True)
    stage = models.CharField(_("stage"), max_length=30, blank=True)
    """Where a proof under way stands with its provider."""
    observed = models.JSONField(default=dict)
    """What the provider answered, without personal data beyond what `shown` has."""
    failure = models.CharField(_("why it failed"), max_length=60, blank=True)
    """A code of `events.reasons`."""
    voucher = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.PROTECT, related_name="vouched", verbose_name=_("vouched by")
    )
    started_at = models.DateTimeField(_("started"))
    expires_at = models.DateTimeField(_("to be completed by"))
    proven_at = models.DateTimeField(_("proven"), null=True, blank=True)
    holds_until = models.DateTimeField(_("holds until"), null=True, blank=True)

    objects = ProofQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("proof of authority"), _("proofs of authority")
        constraints = [
            models.UniqueConstraint(
                fields=["member", "uscc", "kind"], condition=Q(state=ProofState.PENDING), name="proof_one_under_way_of_a_kind"
            ),
            models.CheckConstraint(
                condition=Q(state=ProofState.PROVEN, proven_at__isnull=False) | (~Q(state=ProofState.PROVEN) & Q(proven_at=None)),
                name="proof_proven_has_date",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="proof_due", condition=Q(finished_at=None)),
            models.Index(fields=["member", "uscc", "-started_at"], name="proof_of_member"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state} {self.pk}"


class ClientAuthorisation(models.Model):
    """A client employer has authorised an agency to recruit for it (人力资源市场暂行条例 26)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    employer = models.ForeignKey(Employer, on_delete=models.PROTECT, related_name="client_authorisations", verbose_name=_("agency"))
    document = models.OneToOneField(Document, on_delete=models.PROTECT, related_name="client_authorisation", verbose_name=_("document"))
    client_name = models.CharField(_("client"), max_length=200)
    client_uscc = models.CharField(_("client's code"), max_length=18)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    added_at = models.DateTimeField(_("added"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("client's authorisation"), _("clients' authorisations")

    def __str__(self) -> str:
        return f"{self.client_name} ({self.client_uscc})"


class ExclusionKind(models.TextChoices):
    USCC = "uscc", _("Unified social credit code")
    PERSON = "person", _("Legal representative")
    PHONE = "phone", _("Phone")
    DEVICE = "device", _("Device")
    EMAIL = "email", _("E-mail")
    IMAGE = "image", _("Picture")


class Exclusion(models.Model):
    """Somebody who is not to come back (异常名录, 人社厅发〔2025〕60号): one thing by which it is known again."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=ExclusionKind.choices)
    value = models.CharField(_("value"), max_length=256)
    """The code as it is; of phones, devices, addresses and names the blind index; of pictures the fingerprint."""
    shown = models.CharField(_("shown as"), max_length=100)
    """Masked, for a reviewer."""
    case = models.ForeignKey(
        Case, null=True, blank=True, on_delete=models.PROTECT, related_name="exclusions", verbose_name=_("from the case")
    )
    why = models.TextField(_("why"))
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("added by"))
    added_at = models.DateTimeField(_("added"))
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("exclusion"), _("exclusions")
        constraints = [models.UniqueConstraint(fields=["kind", "value"], condition=Q(lifted_at=None), name="exclusion_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.shown}"


class PageBand(models.Model):
    """A part of a page's fingerprint, by which near pictures are found with an index (`verification.fingerprint`)."""

    page = models.ForeignKey(DocumentPage, on_delete=models.CASCADE, related_name="bands")
    view = models.PositiveSmallIntegerField()
    """Which cut of the page the fingerprint is of; 0 is the whole."""
    band = models.PositiveSmallIntegerField()
    value = models.CharField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["page", "view", "band"], name="page_band_once")]
        indexes = [models.Index(fields=["band", "value"], name="page_band_value")]

    def __str__(self) -> str:
        return f"{self.page_id} {self.view}.{self.band}"


class DocumentReading(Job):
    """What an uploaded document says, read by a worker before anybody submits it, so that its employer can look at it."""

    document = models.OneToOneField(Document, on_delete=models.PROTECT, related_name="reading", primary_key=True)
    reading = models.JSONField(null=True, blank=True)
    """As the check `reading` observes it; null until it has been read."""
    version = models.CharField(max_length=20, blank=True)
    """Of the check that read it."""

    objects = JobQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="document_reading_due", condition=Q(finished_at=None))]

    def __str__(self) -> str:
        return f"reading of {self.document_id}"


class Statement(models.Model):
    """What an employer says of a value that was read from its document: that it is right, or what it should be."""

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="statements", verbose_name=_("document"))
    field = models.CharField(_("field"), max_length=40)
    read = models.CharField(_("read"), max_length=300)
    said = models.CharField(_("said to be"), max_length=300)
    """Equal to `read` where the employer confirms it."""
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name, verbose_name_plural = _("statement on a reading"), _("statements on readings")
        constraints = [models.UniqueConstraint(fields=["document", "field"], name="statement_once_per_field")]

    def __str__(self) -> str:
        return f"{self.document_id} {self.field}"


class Appeal(models.Model):
    """An employer's words against a refusal, heard by another reviewer than the one who refused."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="appeals", verbose_name=_("case"))
    text = models.TextField(_("what the employer says"))
    documents = models.ManyToManyField(Document, related_name="+", blank=True, verbose_name=_("evidence"))
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name, verbose_name_plural = _("appeal"), _("appeals")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.case_id} {self.at:%Y-%m-%d}"


class ShadowVerdict(models.Model):
    """What another policy would have decided on an attempt. It decides nothing (`policy.SHADOW`)."""

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="shadow_verdicts")
    policy_version = models.CharField(_("policy version"), max_length=40)
    outcome = models.CharField(_("outcome"), max_length=10, choices=[(o.value, o.value) for o in Outcome])
    reasons = models.JSONField(_("reasons"), default=list)
    live_outcome = models.CharField(_("outcome of the live policy"), max_length=10, choices=[(o.value, o.value) for o in Outcome])
    round = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name, verbose_name_plural = _("shadow verdict"), _("shadow verdicts")
        constraints = [models.UniqueConstraint(fields=["attempt", "round", "policy_version"], name="shadow_once_per_round")]

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.policy_version}: {self.outcome}"


class RegistryRecord(models.Model):
    """One company in a snapshot of the company register, filled by `manage.py import_registry`."""

    uscc = models.CharField(_("unified social credit code"), max_length=18, primary_key=True)
    name = models.CharField(_("company name"), max_length=200)
    legal_representative = models.CharField(_("legal representative"), max_length=100, blank=True)
    status = models.CharField(_("status"), max_length=30)
    established_on = models.DateField(_("established"), null=True, blank=True)
    email_domain = models.CharField(_("e-mail domain"), max_length=200, blank=True)
    former_names = models.JSONField(_("former names"), default=list, blank=True)
    business_scope = models.TextField(_("business scope"), blank=True)
    abnormal_list = models.BooleanField(_("on the abnormal list"), default=False)
    serious_violation_list = models.BooleanField(_("on the serious violation list"), default=False)
    as_of = models.DateField(_("as of"))

    class Meta:
        verbose_name, verbose_name_plural = _("register entry"), _("register entries")

    def __str__(self) -> str:
        return f"{self.uscc} {self.name}"
