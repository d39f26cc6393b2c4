"""The tables of cases and their review, and the groups of those who review and audit them."""

import uuid

import django.db.models.deletion
import django.db.models.functions.text
import django_fsm
from django.conf import settings
from django.db import migrations, models

from events.db.groups import Permission, grant_permissions, view_permission
from events.db.tables import CreateModels

LOOK = [
    view_permission("verification", "case", "case"),
    view_permission("verification", "document", "document"),
    view_permission("verification", "attempt", "attempt"),
    view_permission("verification", "checkrun", "check run"),
    view_permission("verification", "decision", "decision"),
    view_permission("verification", "registryrecord", "registry record"),
    view_permission("verification", "hrlicencerecord", "licensed agency"),
    view_permission("verification", "shadowverdict", "shadow verdict"),
    view_permission("verification", "clientauthorisation", "client's authorisation"),
    view_permission("verification", "exclusion", "exclusion"),
    view_permission("employers", "employer", "employer"),
    view_permission("employers", "member", "member"),
    view_permission("events", "event", "event"),
]
DECIDE, SECOND_REVIEW, BULK, UNMASK, ASSIGN, QUALITY, AUDIT = (
    Permission("verification", "case", codename, name)
    for codename, name in (
        ("change_case", "Can change case"),
        ("second_review_case", "Can give the second review of a case"),
        ("bulk_decide_case", "Can decide many cases at once"),
        ("unmask_case", "Can see what is masked of a case"),
        ("assign_case", "Can assign cases to colleagues"),
        ("view_quality", "Can see how well cases are decided"),
        ("audit_case", "Can audit, which is on record"),
    )
)
REVIEWERS = [*LOOK, DECIDE]
SENIORS = [*REVIEWERS, SECOND_REVIEW, BULK, UNMASK]
LEADS = [*SENIORS, ASSIGN, QUALITY]
AUDITORS = [
    *LOOK,
    AUDIT,
    view_permission("employers", "user", "account"),
    view_permission("employers", "apiclient", "platform key"),
    view_permission("downloads", "gatedecision", "gate decision"),
]


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("verification", "0001_initial"),
        ("verification", "0002_reviewers_group"),
        ("verification", "0003_document_page_quality"),
        ("verification", "0004_decision"),
        ("verification", "0005_page_landmarks"),
        ("verification", "0006_licensed_agencies"),
        ("verification", "0007_staff_groups"),
        ("verification", "0008_appeals_answered"),
        ("verification", "0009_registry_domain"),
        ("verification", "0010_reviewing"),
        ("verification", "0011_review_queue"),
        ("verification", "0012_golden"),
        ("verification", "0013_case_of_a_test"),
        ("verification", "0014_labels"),
    ]
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("employers", "0001_squashed_0009_labels"),
    ]
    operations = [
        CreateModels(
            operations=[
                migrations.CreateModel(
                    name="Case",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=uuid.uuid4,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "employer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="cases",
                                to="employers.employer",
                                verbose_name="employer",
                            ),
                        ),
                        (
                            "state",
                            django_fsm.FSMField(
                                choices=[
                                    ("draft", "draft"),
                                    ("submitted", "submitted"),
                                    ("checking", "checking"),
                                    ("in_review", "in_review"),
                                    ("changes_requested", "changes_requested"),
                                    ("approved", "approved"),
                                    ("rejected", "rejected"),
                                    ("suspended", "suspended"),
                                    ("revoked", "revoked"),
                                    ("expired", "expired"),
                                    ("withdrawn", "withdrawn"),
                                ],
                                db_index=True,
                                default="draft",
                                max_length=50,
                                protected=True,
                                verbose_name="state",
                            ),
                        ),
                        (
                            "attempt_number",
                            models.PositiveIntegerField(default=1, verbose_name="attempt"),
                        ),
                        ("version", models.PositiveIntegerField(default=0, verbose_name="version")),
                        (
                            "declared_name",
                            models.CharField(max_length=200, verbose_name="company name"),
                        ),
                        (
                            "declared_uscc",
                            models.CharField(
                                max_length=18, verbose_name="unified social credit code"
                            ),
                        ),
                        (
                            "declared_legal_representative",
                            models.CharField(
                                blank=True, max_length=100, verbose_name="legal representative"
                            ),
                        ),
                        (
                            "account_class",
                            models.CharField(
                                choices=[
                                    ("direct_employer", "We recruit for ourselves"),
                                    ("commercial_agency", "We are an HR service agency"),
                                    ("public_service", "We are a public employment service"),
                                ],
                                max_length=20,
                                verbose_name="type of employer",
                            ),
                        ),
                        ("opened_at", models.DateTimeField(verbose_name="opened")),
                        (
                            "submitted_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="submitted by",
                            ),
                        ),
                        (
                            "submitted_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="submitted"),
                        ),
                        (
                            "decided_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="decided"),
                        ),
                        (
                            "approved_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="approved"),
                        ),
                        (
                            "expires_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="valid until"),
                        ),
                        (
                            "conditional",
                            models.BooleanField(default=False, verbose_name="on condition"),
                        ),
                        (
                            "appealed_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="appealed"),
                        ),
                        (
                            "claimed_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="claimed by",
                            ),
                        ),
                        (
                            "claimed_until",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="claimed until"
                            ),
                        ),
                        ("claimed_at", models.DateTimeField(blank=True, null=True)),
                        ("hearing", models.BooleanField(default=False)),
                        ("review_since", models.DateTimeField(blank=True, null=True)),
                        ("review_due", models.DateTimeField(blank=True, null=True)),
                        ("harm", models.FloatField(default=1)),
                        ("urgency", models.FloatField(default=0.0)),
                        (
                            "rights_now",
                            models.CharField(
                                choices=[
                                    ("none", "None"),
                                    ("conditional", "Conditional"),
                                    ("in_force", "In Force"),
                                ],
                                default="none",
                                max_length=12,
                            ),
                        ),
                        ("name_key", models.CharField(blank=True, default="", max_length=64)),
                        (
                            "second_review",
                            models.CharField(
                                blank=True,
                                choices=[("", "None"), ("policy", "Policy"), ("sample", "Sample")],
                                default="",
                                max_length=8,
                            ),
                        ),
                        (
                            "review_stage",
                            models.CharField(
                                choices=[
                                    ("first", "First"),
                                    ("second", "Second"),
                                    ("third", "Third"),
                                ],
                                default="first",
                                max_length=8,
                            ),
                        ),
                        ("held_until", models.DateTimeField(blank=True, null=True)),
                        ("for_senior", models.BooleanField(default=False)),
                        (
                            "assigned_to",
                            models.ForeignKey(
                                blank=True,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("golden", models.BooleanField(default=False)),
                        ("test", models.BooleanField(db_default=False, default=False)),
                    ],
                    options={
                        "verbose_name": "case",
                        "verbose_name_plural": "cases",
                        "permissions": [
                            ("second_review_case", "Can give the second review of a case"),
                            ("bulk_decide_case", "Can decide many cases at once"),
                            ("unmask_case", "Can see what is masked of a case"),
                            ("assign_case", "Can assign cases to colleagues"),
                            ("view_quality", "Can see how well cases are decided"),
                            ("audit_case", "Can audit, which is on record"),
                        ],
                        "indexes": [
                            models.Index(
                                fields=["employer", "-approved_at", "-opened_at"],
                                name="case_that_counts",
                            ),
                            models.Index(
                                condition=models.Q(
                                    ("state", "in_review"), ("hearing", True), _connector="OR"
                                ),
                                fields=["-urgency", "submitted_at", "id"],
                                name="case_queue",
                            ),
                            models.Index(
                                django.db.models.functions.text.Substr("declared_uscc", 3, 2),
                                models.OrderBy(models.F("urgency"), descending=True),
                                models.F("submitted_at"),
                                models.F("id"),
                                condition=models.Q(
                                    ("state", "in_review"), ("hearing", True), _connector="OR"
                                ),
                                name="case_queue_province",
                            ),
                            models.Index(
                                condition=models.Q(
                                    ("state", "in_review"), ("hearing", True), _connector="OR"
                                ),
                                fields=["account_class", "-urgency", "submitted_at", "id"],
                                name="case_queue_class",
                            ),
                            models.Index(
                                condition=models.Q(("claimed_until__isnull", False)),
                                fields=["claimed_until"],
                                name="case_claim_ends",
                            ),
                            models.Index(
                                condition=models.Q(("assigned_to__isnull", False)),
                                fields=["assigned_to"],
                                name="case_assigned",
                            ),
                            models.Index(fields=["declared_uscc"], name="case_uscc"),
                            models.Index(
                                condition=models.Q(
                                    ("declared_legal_representative", ""), _negated=True
                                ),
                                fields=["declared_legal_representative"],
                                name="case_representative",
                            ),
                            models.Index(
                                condition=models.Q(("name_key", ""), _negated=True),
                                fields=["name_key"],
                                name="case_name_key",
                            ),
                            models.Index(
                                condition=models.Q(("golden", True)),
                                fields=["id"],
                                name="case_golden",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(
                                    (
                                        "state__in",
                                        [
                                            "changes_requested",
                                            "checking",
                                            "draft",
                                            "in_review",
                                            "submitted",
                                        ],
                                    )
                                ),
                                fields=("employer",),
                                name="case_one_open_per_employer",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        (
                                            "state__in",
                                            ["approved", "expired", "revoked", "suspended"],
                                        ),
                                        _negated=True,
                                    ),
                                    models.Q(
                                        ("approved_at__isnull", False),
                                        ("expires_at__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="case_approved_has_dates",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("claimed_by__isnull", True),
                                        ("claimed_until__isnull", True),
                                    ),
                                    models.Q(
                                        ("claimed_by__isnull", False),
                                        ("claimed_until__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="case_claim_is_whole",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "state__in",
                                        [
                                            "draft",
                                            "submitted",
                                            "checking",
                                            "in_review",
                                            "changes_requested",
                                            "approved",
                                            "rejected",
                                            "suspended",
                                            "revoked",
                                            "expired",
                                            "withdrawn",
                                        ],
                                    )
                                ),
                                name="case_state_known",
                            ),
                        ],
                    },
                    bases=(django_fsm.ConcurrentTransitionMixin, models.Model),
                ),
                migrations.CreateModel(
                    name="Bulk",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=uuid.uuid4,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("verb", models.CharField(max_length=30)),
                        ("reasons", models.JSONField(default=list)),
                        ("note", models.TextField(blank=True)),
                        (
                            "proposed_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="proposed by",
                            ),
                        ),
                        ("proposed_at", models.DateTimeField(verbose_name="proposed")),
                        (
                            "confirmed_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                        ("dropped_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "verbose_name": "bulk decision",
                        "verbose_name_plural": "bulk decisions",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("confirmed_by", models.F("proposed_by")), _negated=True
                                ),
                                name="bulk_by_two_people",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="GoldenCase",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("kept", "from a decided case"),
                                    ("honest", "honest"),
                                    ("name", "another name on the licence"),
                                    ("forged", "edited picture"),
                                    ("register", "register mismatch"),
                                    ("agency", "agency without a client"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("name", models.CharField(max_length=200)),
                        ("right_verb", models.CharField(max_length=30)),
                        ("right_reasons", models.JSONField(default=list)),
                        ("recipe", models.JSONField(default=dict)),
                        ("known_to", models.JSONField(default=list)),
                        ("kept_from", models.UUIDField(null=True, unique=True)),
                        (
                            "made_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("made_at", models.DateTimeField()),
                        ("retired_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("retired_at", None)),
                                fields=["made_at"],
                                name="golden_in_use",
                            )
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="HrLicenceRecord",
                    fields=[
                        (
                            "number",
                            models.CharField(
                                max_length=60,
                                primary_key=True,
                                serialize=False,
                                verbose_name="licence number",
                            ),
                        ),
                        (
                            "name",
                            models.CharField(
                                blank=True, max_length=200, verbose_name="company name"
                            ),
                        ),
                        (
                            "uscc",
                            models.CharField(
                                blank=True, max_length=18, verbose_name="unified social credit code"
                            ),
                        ),
                        (
                            "valid_until",
                            models.DateField(blank=True, null=True, verbose_name="valid until"),
                        ),
                        ("as_of", models.DateField(verbose_name="as of")),
                    ],
                    options={
                        "verbose_name": "licensed agency",
                        "verbose_name_plural": "licensed agencies",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("name", ""), ("uscc", ""), _negated=True),
                                name="hr_licence_is_somebodys",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Proof",
                    fields=[
                        ("due_at", models.DateTimeField(verbose_name="next run")),
                        ("lease", models.UUIDField(blank=True, null=True, verbose_name="lease")),
                        (
                            "leased_until",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="leased until"
                            ),
                        ),
                        ("tries", models.PositiveIntegerField(default=0, verbose_name="tries")),
                        (
                            "deaths",
                            models.PositiveIntegerField(default=0, verbose_name="worker crashes"),
                        ),
                        (
                            "finished_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="finished"),
                        ),
                        (
                            "last_error",
                            models.CharField(blank=True, max_length=200, verbose_name="last error"),
                        ),
                        (
                            "id",
                            models.UUIDField(
                                default=uuid.uuid4,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "employer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="proofs",
                                to="employers.employer",
                                verbose_name="employer",
                            ),
                        ),
                        (
                            "member",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="proofs",
                                to="employers.member",
                                verbose_name="recruiter",
                            ),
                        ),
                        (
                            "uscc",
                            models.CharField(
                                max_length=18, verbose_name="unified social credit code"
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("company_email", "Email at the company's domain"),
                                    ("bank_deposit", "Deposit to the company's bank account"),
                                    ("vouch", "A verified colleague vouches"),
                                    ("e_licence", "Scan of the electronic licence"),
                                ],
                                max_length=20,
                                verbose_name="kind",
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("pending", "under way"),
                                    ("proven", "proven"),
                                    ("failed", "failed"),
                                    ("lapsed", "ran out of time"),
                                ],
                                default="pending",
                                max_length=10,
                                verbose_name="state",
                            ),
                        ),
                        (
                            "shown",
                            models.CharField(blank=True, max_length=254, verbose_name="subject"),
                        ),
                        ("sealed", models.TextField(blank=True)),
                        ("code_hash", models.CharField(blank=True, max_length=128)),
                        ("guesses", models.PositiveSmallIntegerField(default=0)),
                        (
                            "provider",
                            models.CharField(blank=True, max_length=30, verbose_name="provider"),
                        ),
                        (
                            "reference",
                            models.CharField(
                                blank=True, max_length=100, verbose_name="provider's reference"
                            ),
                        ),
                        (
                            "stage",
                            models.CharField(blank=True, max_length=30, verbose_name="stage"),
                        ),
                        ("observed", models.JSONField(default=dict)),
                        (
                            "failure",
                            models.CharField(
                                blank=True, max_length=60, verbose_name="why it failed"
                            ),
                        ),
                        (
                            "voucher",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="vouched",
                                to="employers.member",
                                verbose_name="vouched by",
                            ),
                        ),
                        ("started_at", models.DateTimeField(verbose_name="started")),
                        ("expires_at", models.DateTimeField(verbose_name="deadline")),
                        (
                            "proven_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="proven"),
                        ),
                        (
                            "holds_until",
                            models.DateTimeField(blank=True, null=True, verbose_name="valid until"),
                        ),
                    ],
                    options={
                        "verbose_name": "proof of authority",
                        "verbose_name_plural": "proofs of authority",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("finished_at", None)),
                                fields=["due_at"],
                                name="proof_due",
                            ),
                            models.Index(
                                fields=["member", "uscc", "-started_at"], name="proof_of_member"
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("state", "pending")),
                                fields=("member", "uscc", "kind"),
                                name="proof_one_under_way_of_a_kind",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("proven_at__isnull", False), ("state", "proven")),
                                    models.Q(
                                        models.Q(("state", "proven"), _negated=True),
                                        ("proven_at", None),
                                    ),
                                    _connector="OR",
                                ),
                                name="proof_proven_has_date",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RegistryRecord",
                    fields=[
                        (
                            "uscc",
                            models.CharField(
                                max_length=18,
                                primary_key=True,
                                serialize=False,
                                verbose_name="unified social credit code",
                            ),
                        ),
                        ("name", models.CharField(max_length=200, verbose_name="company name")),
                        (
                            "legal_representative",
                            models.CharField(
                                blank=True, max_length=100, verbose_name="legal representative"
                            ),
                        ),
                        ("status", models.CharField(max_length=30, verbose_name="status")),
                        (
                            "established_on",
                            models.DateField(blank=True, null=True, verbose_name="established"),
                        ),
                        (
                            "email_domain",
                            models.CharField(
                                blank=True, max_length=200, verbose_name="email domain"
                            ),
                        ),
                        (
                            "former_names",
                            models.JSONField(blank=True, default=list, verbose_name="former names"),
                        ),
                        (
                            "business_scope",
                            models.TextField(blank=True, verbose_name="business scope"),
                        ),
                        (
                            "abnormal_list",
                            models.BooleanField(default=False, verbose_name="on the abnormal list"),
                        ),
                        (
                            "serious_violation_list",
                            models.BooleanField(
                                default=False, verbose_name="on the serious violation list"
                            ),
                        ),
                        ("as_of", models.DateField(verbose_name="as of")),
                    ],
                    options={
                        "verbose_name": "register entry",
                        "verbose_name_plural": "register entries",
                        "indexes": [
                            models.Index(
                                fields=["legal_representative", "established_on"],
                                name="registry_person_since",
                            ),
                            models.Index(
                                condition=models.Q(("email_domain", ""), _negated=True),
                                fields=["email_domain"],
                                name="registry_domain",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SavedReply",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "code",
                            models.CharField(max_length=40, unique=True, verbose_name="short name"),
                        ),
                        ("verb", models.CharField(max_length=30, verbose_name="decision")),
                        (
                            "title_zh",
                            models.CharField(max_length=100, verbose_name="title in Chinese"),
                        ),
                        (
                            "title_en",
                            models.CharField(max_length=100, verbose_name="title in English"),
                        ),
                        ("text_zh", models.TextField()),
                        ("text_en", models.TextField()),
                        (
                            "retired_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="retired"),
                        ),
                    ],
                    options={"verbose_name": "saved reply", "verbose_name_plural": "saved replies"},
                ),
                migrations.CreateModel(
                    name="Attempt",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("due_at", models.DateTimeField(verbose_name="next run")),
                        ("lease", models.UUIDField(blank=True, null=True, verbose_name="lease")),
                        (
                            "leased_until",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="leased until"
                            ),
                        ),
                        ("tries", models.PositiveIntegerField(default=0, verbose_name="tries")),
                        (
                            "deaths",
                            models.PositiveIntegerField(default=0, verbose_name="worker crashes"),
                        ),
                        (
                            "finished_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="finished"),
                        ),
                        (
                            "last_error",
                            models.CharField(blank=True, max_length=200, verbose_name="last error"),
                        ),
                        (
                            "case",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="attempts",
                                to="verification.case",
                                verbose_name="case",
                            ),
                        ),
                        ("number", models.PositiveIntegerField(verbose_name="number")),
                        ("submitted_at", models.DateTimeField(verbose_name="submitted")),
                        (
                            "waits",
                            models.PositiveIntegerField(default=0, verbose_name="times waited"),
                        ),
                        (
                            "waiting_for",
                            models.CharField(blank=True, max_length=60, verbose_name="waiting for"),
                        ),
                        (
                            "outcome",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("approve", "approve"),
                                    ("review", "send to a reviewer"),
                                    ("reject", "reject"),
                                    ("wait", "wait"),
                                ],
                                max_length=10,
                                verbose_name="outcome",
                            ),
                        ),
                        (
                            "rules_version",
                            models.CharField(
                                blank=True, max_length=40, verbose_name="requirements"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "submission",
                        "verbose_name_plural": "submissions",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("finished_at", None)),
                                fields=["due_at"],
                                name="attempt_due",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("case", "number"), name="attempt_number_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CaseNote",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "case",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="notes",
                                to="verification.case",
                            ),
                        ),
                        (
                            "by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("at", models.DateTimeField()),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("hold", "Hold"),
                                    ("escalate", "Escalate"),
                                    ("assign", "Assign"),
                                    ("returned", "Returned"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("text", models.TextField(blank=True)),
                    ],
                    options={"ordering": ["-id"]},
                ),
                migrations.CreateModel(
                    name="CaseReason",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "case",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="review_reasons",
                                to="verification.case",
                            ),
                        ),
                        ("code", models.CharField(max_length=60)),
                    ],
                    options={
                        "indexes": [models.Index(fields=["code", "case"], name="case_reason_code")],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("case", "code"), name="case_reason_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Decision",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "case",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="decisions",
                                to="verification.case",
                                verbose_name="case",
                            ),
                        ),
                        ("attempt_number", models.PositiveIntegerField(verbose_name="attempt")),
                        ("verb", models.CharField(max_length=30, verbose_name="decision")),
                        ("reasons", models.JSONField(default=list, verbose_name="reasons")),
                        ("note", models.TextField(blank=True, verbose_name="note")),
                        (
                            "decided_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="decided by",
                            ),
                        ),
                        (
                            "policy_version",
                            models.CharField(max_length=40, verbose_name="policy version"),
                        ),
                        (
                            "rules_version",
                            models.CharField(
                                blank=True, max_length=40, verbose_name="requirements"
                            ),
                        ),
                        ("decided_at", models.DateTimeField(verbose_name="decided")),
                        (
                            "seconds",
                            models.FloatField(blank=True, null=True, verbose_name="seconds viewed"),
                        ),
                        (
                            "waited",
                            models.FloatField(
                                blank=True, null=True, verbose_name="working hours waited"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "decision",
                        "verbose_name_plural": "decisions",
                        "ordering": ["-id"],
                        "indexes": [
                            models.Index(fields=["decided_at", "verb"], name="decision_when")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Document",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=uuid.uuid4,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "case",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="documents",
                                to="verification.case",
                                verbose_name="case",
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("business_licence", "Business licence"),
                                    ("authorization_letter", "Letter of authorisation"),
                                    ("hr_service_licence", "HR service licence"),
                                    ("approval_document", "Approval document"),
                                    ("client_authorization", "Client's authorisation"),
                                    ("appeal_evidence", "Evidence for an appeal"),
                                ],
                                max_length=30,
                                verbose_name="kind",
                            ),
                        ),
                        (
                            "sha256",
                            models.CharField(
                                db_index=True, max_length=64, verbose_name="SHA-256 of the original"
                            ),
                        ),
                        ("size", models.PositiveIntegerField(verbose_name="size in bytes")),
                        ("media_type", models.CharField(max_length=40, verbose_name="media type")),
                        (
                            "editor",
                            models.CharField(
                                blank=True, max_length=100, verbose_name="editing software"
                            ),
                        ),
                        ("scan", models.JSONField(default=dict, verbose_name="virus scan")),
                        (
                            "uploaded_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="uploaded by",
                            ),
                        ),
                        ("uploaded_at", models.DateTimeField(verbose_name="uploaded")),
                        (
                            "superseded_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="replaced"),
                        ),
                    ],
                    options={
                        "verbose_name": "document",
                        "verbose_name_plural": "documents",
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("superseded_at", None)),
                                fields=("case", "kind", "sha256"),
                                name="document_once_per_case",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Exclusion",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=uuid.uuid4,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("uscc", "Unified social credit code"),
                                    ("person", "Legal representative"),
                                    ("phone", "Phone"),
                                    ("device", "Device"),
                                    ("email", "Email"),
                                    ("image", "Picture"),
                                ],
                                max_length=10,
                                verbose_name="kind",
                            ),
                        ),
                        ("value", models.CharField(max_length=256, verbose_name="value")),
                        ("shown", models.CharField(max_length=100, verbose_name="shown as")),
                        (
                            "case",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="exclusions",
                                to="verification.case",
                                verbose_name="from the case",
                            ),
                        ),
                        ("why", models.TextField(verbose_name="why")),
                        (
                            "added_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="added by",
                            ),
                        ),
                        ("added_at", models.DateTimeField(verbose_name="added")),
                        (
                            "lifted_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="lifted"),
                        ),
                    ],
                    options={
                        "verbose_name": "exclusion",
                        "verbose_name_plural": "exclusions",
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("lifted_at", None)),
                                fields=("kind", "value"),
                                name="exclusion_once",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="HrLicenceShown",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("number", models.CharField(max_length=60)),
                        (
                            "case",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="hr_licences_shown",
                                to="verification.case",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("number", "case"), name="hr_licence_shown_once"
                            )
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="Presence",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "case",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="presences",
                                to="verification.case",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("seen_at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("case", "user"), name="presence_once")
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="ReviewDraft",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "case",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="drafts",
                                to="verification.case",
                            ),
                        ),
                        (
                            "reviewer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("verb", models.CharField(blank=True, max_length=30)),
                        ("reasons", models.JSONField(default=list)),
                        ("about", models.JSONField(default=dict)),
                        ("note", models.TextField(blank=True)),
                        ("at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("case", "reviewer"), name="review_draft_once"
                            )
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="TakeOver",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "case",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="take_overs",
                                to="verification.case",
                            ),
                        ),
                        (
                            "asked_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "asked_of",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("asked_at", models.DateTimeField()),
                        ("answered_at", models.DateTimeField(blank=True, null=True)),
                        ("given", models.BooleanField(default=False)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("answered_at", None)),
                                fields=("case",),
                                name="take_over_one_open_per_case",
                            )
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="BulkItem",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "bulk",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="items",
                                to="verification.bulk",
                            ),
                        ),
                        (
                            "case",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="bulk_items",
                                to="verification.case",
                            ),
                        ),
                        ("case_version", models.PositiveIntegerField()),
                        ("refusal", models.CharField(blank=True, max_length=60)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("bulk", "case"), name="bulk_item_once")
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="Ruling",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("due_at", models.DateTimeField(verbose_name="next run")),
                        ("lease", models.UUIDField(blank=True, null=True, verbose_name="lease")),
                        (
                            "leased_until",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="leased until"
                            ),
                        ),
                        ("tries", models.PositiveIntegerField(default=0, verbose_name="tries")),
                        (
                            "deaths",
                            models.PositiveIntegerField(default=0, verbose_name="worker crashes"),
                        ),
                        (
                            "finished_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="finished"),
                        ),
                        (
                            "last_error",
                            models.CharField(blank=True, max_length=200, verbose_name="last error"),
                        ),
                        (
                            "case",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="rulings",
                                to="verification.case",
                            ),
                        ),
                        ("attempt_number", models.PositiveIntegerField()),
                        ("case_version", models.PositiveIntegerField()),
                        (
                            "stage",
                            models.CharField(
                                choices=[
                                    ("first", "First"),
                                    ("second", "Second"),
                                    ("third", "Third"),
                                    ("bulk", "Bulk"),
                                ],
                                max_length=8,
                            ),
                        ),
                        ("second_review", models.CharField(blank=True, default="", max_length=8)),
                        ("verb", models.CharField(max_length=30)),
                        ("reasons", models.JSONField(default=list)),
                        ("note", models.TextField(blank=True)),
                        ("besides", models.JSONField(default=dict)),
                        (
                            "by",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "confirmed_by",
                            models.ForeignKey(
                                blank=True,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("made_at", models.DateTimeField()),
                        ("seconds", models.FloatField(blank=True, null=True)),
                        (
                            "outcome",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("", "Waiting"),
                                    ("carried_out", "Carried Out"),
                                    ("filed", "Filed"),
                                    ("undone", "Undone"),
                                    ("refused", "Refused"),
                                ],
                                default="",
                                max_length=12,
                            ),
                        ),
                        ("refusal", models.CharField(blank=True, max_length=60)),
                        ("told_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "bulk",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="rulings",
                                to="verification.bulk",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("finished_at", None)),
                                fields=["due_at"],
                                name="ruling_due",
                            ),
                            models.Index(fields=["by", "made_at"], name="ruling_by"),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("finished_at", None)),
                                fields=("case",),
                                name="ruling_one_open_per_case",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="GoldenTurn",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "golden",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="turns",
                                to="verification.goldencase",
                            ),
                        ),
                        (
                            "reviewer",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "case",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="golden_turn",
                                to="verification.case",
                            ),
                        ),
                        ("given_at", models.DateTimeField()),
                        ("verb", models.CharField(blank=True, max_length=30)),
                        ("reasons", models.JSONField(default=list)),
                        ("right", models.BooleanField(blank=True, null=True)),
                        ("answered_at", models.DateTimeField(blank=True, null=True)),
                        ("lapsed_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["reviewer", "given_at"], name="golden_turn_of")
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("golden", "reviewer"), name="golden_turn_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CheckRun",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "attempt",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="check_runs",
                                to="verification.attempt",
                                verbose_name="submission",
                            ),
                        ),
                        ("code", models.CharField(max_length=30, verbose_name="check")),
                        ("round", models.PositiveIntegerField(default=0, verbose_name="round")),
                        ("version", models.CharField(max_length=20, verbose_name="version")),
                        (
                            "observation",
                            models.JSONField(default=dict, verbose_name="raw check data"),
                        ),
                        ("findings", models.JSONField(default=list, verbose_name="findings")),
                        ("started_at", models.DateTimeField(verbose_name="started")),
                        ("finished_at", models.DateTimeField(verbose_name="finished")),
                    ],
                    options={
                        "verbose_name": "check run",
                        "verbose_name_plural": "check runs",
                        "ordering": ["id"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("attempt", "code", "round"), name="check_once_per_round"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ShadowVerdict",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "attempt",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="shadow_verdicts",
                                to="verification.attempt",
                                verbose_name="submission",
                            ),
                        ),
                        (
                            "policy_version",
                            models.CharField(max_length=40, verbose_name="policy version"),
                        ),
                        (
                            "outcome",
                            models.CharField(
                                choices=[
                                    ("approve", "approve"),
                                    ("review", "send to a reviewer"),
                                    ("reject", "reject"),
                                    ("wait", "wait"),
                                ],
                                max_length=10,
                                verbose_name="outcome",
                            ),
                        ),
                        ("reasons", models.JSONField(default=list, verbose_name="reasons")),
                        (
                            "live_outcome",
                            models.CharField(
                                choices=[
                                    ("approve", "approve"),
                                    ("review", "send to a reviewer"),
                                    ("reject", "reject"),
                                    ("wait", "wait"),
                                ],
                                max_length=10,
                                verbose_name="live policy outcome",
                            ),
                        ),
                        ("round", models.PositiveIntegerField(default=0, verbose_name="round")),
                        ("at", models.DateTimeField(verbose_name="when")),
                    ],
                    options={
                        "verbose_name": "shadow verdict",
                        "verbose_name_plural": "shadow verdicts",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("attempt", "round", "policy_version"),
                                name="shadow_once_per_round",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Appeal",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "case",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="appeals",
                                to="verification.case",
                                verbose_name="case",
                            ),
                        ),
                        (
                            "verb",
                            models.CharField(
                                choices=[("appeal", "appeal"), ("ask_person", "a person")],
                                max_length=20,
                                verbose_name="request",
                            ),
                        ),
                        ("text", models.TextField(verbose_name="employer's statement")),
                        (
                            "by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="by",
                            ),
                        ),
                        ("at", models.DateTimeField(verbose_name="when")),
                        (
                            "answered_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="answered"),
                        ),
                        (
                            "documents",
                            models.ManyToManyField(
                                blank=True,
                                related_name="+",
                                to="verification.document",
                                verbose_name="evidence",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "appeal",
                        "verbose_name_plural": "appeals",
                        "ordering": ["-id"],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("answered_at", None)),
                                fields=("case",),
                                name="appeal_one_open_per_case",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ClientAuthorisation",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=uuid.uuid4,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "employer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="client_authorisations",
                                to="employers.employer",
                                verbose_name="agency",
                            ),
                        ),
                        (
                            "document",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="client_authorisation",
                                to="verification.document",
                                verbose_name="document",
                            ),
                        ),
                        ("client_name", models.CharField(max_length=200, verbose_name="client")),
                        (
                            "client_uscc",
                            models.CharField(max_length=18, verbose_name="client's code"),
                        ),
                        (
                            "valid_until",
                            models.DateField(blank=True, null=True, verbose_name="valid until"),
                        ),
                        ("added_at", models.DateTimeField(verbose_name="added")),
                        (
                            "ended_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="ended"),
                        ),
                    ],
                    options={
                        "verbose_name": "client's authorisation",
                        "verbose_name_plural": "clients' authorisations",
                    },
                ),
                migrations.CreateModel(
                    name="DocumentPage",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "document",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="pages",
                                to="verification.document",
                            ),
                        ),
                        ("number", models.PositiveSmallIntegerField()),
                        ("image", models.FileField(max_length=200, upload_to="")),
                        ("width", models.PositiveIntegerField()),
                        ("height", models.PositiveIntegerField()),
                        ("fingerprint", models.CharField(max_length=64)),
                        ("quality", models.JSONField(blank=True, null=True)),
                    ],
                    options={
                        "ordering": ["number"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("document", "number"), name="page_number_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DocumentReading",
                    fields=[
                        ("due_at", models.DateTimeField(verbose_name="next run")),
                        ("lease", models.UUIDField(blank=True, null=True, verbose_name="lease")),
                        (
                            "leased_until",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="leased until"
                            ),
                        ),
                        ("tries", models.PositiveIntegerField(default=0, verbose_name="tries")),
                        (
                            "deaths",
                            models.PositiveIntegerField(default=0, verbose_name="worker crashes"),
                        ),
                        (
                            "finished_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="finished"),
                        ),
                        (
                            "last_error",
                            models.CharField(blank=True, max_length=200, verbose_name="last error"),
                        ),
                        (
                            "document",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                primary_key=True,
                                related_name="reading",
                                serialize=False,
                                to="verification.document",
                            ),
                        ),
                        ("reading", models.JSONField(blank=True, null=True)),
                        ("version", models.CharField(blank=True, max_length=20)),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("finished_at", None)),
                                fields=["due_at"],
                                name="document_reading_due",
                            )
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="Statement",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "document",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="statements",
                                to="verification.document",
                                verbose_name="document",
                            ),
                        ),
                        ("field", models.CharField(max_length=40, verbose_name="field")),
                        ("read", models.CharField(max_length=300, verbose_name="we read")),
                        ("said", models.CharField(max_length=300, verbose_name="employer says")),
                        (
                            "by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="by",
                            ),
                        ),
                        ("at", models.DateTimeField(verbose_name="when")),
                    ],
                    options={
                        "verbose_name": "statement on a reading",
                        "verbose_name_plural": "statements on readings",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("document", "field"), name="statement_once_per_field"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PageBand",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "page",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="bands",
                                to="verification.documentpage",
                            ),
                        ),
                        ("view", models.PositiveSmallIntegerField()),
                        ("band", models.PositiveSmallIntegerField()),
                        ("value", models.CharField(max_length=32)),
                    ],
                    options={
                        "indexes": [models.Index(fields=["band", "value"], name="page_band_value")],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("page", "view", "band"), name="page_band_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PageLandmarks",
                    fields=[
                        (
                            "page",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="landmarks",
                                serialize=False,
                                to="verification.documentpage",
                            ),
                        ),
                        ("sealed", models.BinaryField()),
                    ],
                ),
            ]
        ),
        grant_permissions(
            {"Reviewers": REVIEWERS, "Seniors": SENIORS, "Leads": LEADS, "Auditors": AUDITORS}
        ),
    ]
