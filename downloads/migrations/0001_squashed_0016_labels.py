"""The tables of the gate, releases, relay numbers, candidates and leaks, and who may trace a leak."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from events.db.dialect import POSTGRESQL, dialect_of
from events.db.groups import Permission, grant_permissions
from events.db.tables import CreateModels

TRACE = Permission("downloads", "trace", "trace_leak", "Can trace leaks, which is on record")
REFUSED = "CREATE INDEX pass_refused ON downloads_passuse (decision_id) WHERE reason <> ''"
BY_TIME = [
    "CREATE INDEX gate_when ON downloads_gatedecision USING brin (decided_at)",
    "CREATE INDEX passuse_when ON downloads_passuse USING brin (used_at)",
    "CREATE INDEX contact_when ON downloads_contact USING brin (at)",
]
"""A BRIN finds old rows of a table that only grows, at next to no cost."""


def add_indexes(apps, schema_editor):
    """Add the indexes that Django's models do not name."""
    there = dialect_of(schema_editor.connection) is POSTGRESQL
    for statement in [REFUSED, *(BY_TIME if there else ())]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("downloads", "0001_initial"),
        ("downloads", "0002_exact_quotas"),
        ("downloads", "0003_passes"),
        ("downloads", "0004_ladder_as_data"),
        ("downloads", "0005_answers_by_time"),
        ("downloads", "0006_back_after_step_up"),
        ("downloads", "0007_uses_and_contacts_by_time"),
        ("downloads", "0008_refused_passes_by_answer"),
        ("downloads", "0009_appeals"),
        ("downloads", "0010_relay_numbers"),
        ("downloads", "0011_releases"),
        ("downloads", "0012_traces"),
        ("downloads", "0013_candidates"),
        ("downloads", "0014_receipts"),
        ("downloads", "0015_relay_of_candidate"),
        ("downloads", "0016_labels"),
    ]
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("employers", "0001_squashed_0009_labels"),
        ("events", "0001_squashed_0005_labels"),
        ("verification", "0001_squashed_0014_labels"),
    ]
    operations = [
        CreateModels(
            operations=[
                migrations.CreateModel(
                    name="Candidate",
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
                        ("client_id", models.UUIDField(verbose_name="platform")),
                        (
                            "test",
                            models.BooleanField(
                                db_default=False, default=False, verbose_name="test data"
                            ),
                        ),
                        ("reference", models.CharField(max_length=64, verbose_name="candidate")),
                        (
                            "mode",
                            models.CharField(
                                choices=[
                                    ("ask_first", "asked first"),
                                    ("tell_after", "told after"),
                                    ("closed", "closed"),
                                ],
                                max_length=10,
                                verbose_name="mode",
                            ),
                        ),
                        ("email_sealed", models.TextField(blank=True)),
                        (
                            "language",
                            models.CharField(
                                default="zh-hans", max_length=10, verbose_name="language"
                            ),
                        ),
                        ("link_version", models.PositiveIntegerField(default=1)),
                        ("told_at", models.DateTimeField(verbose_name="recorded")),
                        ("changed_at", models.DateTimeField(verbose_name="changed")),
                        (
                            "erased_at",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="contact data erased"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "candidate",
                        "verbose_name_plural": "candidates",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("client_id", "reference"), name="candidate_reference_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Canary",
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
                        ("client_id", models.UUIDField(verbose_name="platform")),
                        ("candidate", models.CharField(max_length=64, verbose_name="candidate")),
                        (
                            "employer",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="employers.employer",
                                verbose_name="planted for",
                            ),
                        ),
                        ("why", models.CharField(max_length=500, verbose_name="why")),
                        (
                            "planted_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="planted by",
                            ),
                        ),
                        ("planted_at", models.DateTimeField(verbose_name="planted")),
                    ],
                    options={
                        "verbose_name": "canary",
                        "verbose_name_plural": "canaries",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("client_id", "candidate"), name="canary_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CandidateDefault",
                    fields=[
                        (
                            "client_id",
                            models.UUIDField(
                                primary_key=True, serialize=False, verbose_name="platform"
                            ),
                        ),
                        (
                            "mode",
                            models.CharField(
                                choices=[
                                    ("ask_first", "asked first"),
                                    ("tell_after", "told after"),
                                    ("closed", "closed"),
                                ],
                                max_length=10,
                                verbose_name="mode",
                            ),
                        ),
                        ("basis", models.CharField(max_length=500, verbose_name="basis")),
                        ("declared_at", models.DateTimeField(verbose_name="declared")),
                    ],
                    options={
                        "verbose_name": "platform default",
                        "verbose_name_plural": "platform defaults",
                    },
                ),
                migrations.CreateModel(
                    name="CleanResume",
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
                        ("client_id", models.UUIDField(verbose_name="platform")),
                        (
                            "test",
                            models.BooleanField(
                                db_default=False, default=False, verbose_name="test data"
                            ),
                        ),
                        ("candidate", models.CharField(max_length=64, verbose_name="candidate")),
                        (
                            "sha256",
                            models.CharField(max_length=64, verbose_name="SHA-256 of the original"),
                        ),
                        ("made_by", models.CharField(max_length=80, verbose_name="made by")),
                        ("pages", models.FileField(blank=True, max_length=200, upload_to="")),
                        ("page_count", models.PositiveSmallIntegerField(verbose_name="pages")),
                        ("removed", models.JSONField(default=list, verbose_name="redacted")),
                        ("made_at", models.DateTimeField(verbose_name="made")),
                        ("used_at", models.DateTimeField(verbose_name="last copied")),
                    ],
                    options={
                        "verbose_name": "clean resume",
                        "verbose_name_plural": "clean resumes",
                        "indexes": [
                            models.Index(
                                fields=["client_id", "-used_at"], name="clean_resume_lately"
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("pages", ""), _negated=True),
                                fields=("client_id", "candidate", "sha256", "made_by"),
                                name="clean_resume_once",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Contact",
                    fields=[
                        (
                            "decision_id",
                            models.UUIDField(
                                primary_key=True, serialize=False, verbose_name="gate decision"
                            ),
                        ),
                        ("client_id", models.UUIDField(verbose_name="platform")),
                        (
                            "uscc",
                            models.CharField(
                                max_length=18, verbose_name="unified social credit code"
                            ),
                        ),
                        ("at", models.DateTimeField(verbose_name="when")),
                    ],
                    options={
                        "verbose_name": "contact",
                        "verbose_name_plural": "contacts",
                        "indexes": [
                            models.Index(fields=["uscc", "at"], name="contact_company"),
                            models.Index(fields=["client_id", "at"], name="contact_platform"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="GateDecision",
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
                        ("client_id", models.UUIDField(verbose_name="platform")),
                        (
                            "test",
                            models.BooleanField(
                                db_default=False, default=False, verbose_name="test data"
                            ),
                        ),
                        ("employer_id", models.UUIDField(verbose_name="employer")),
                        ("member_id", models.UUIDField(verbose_name="recruiter")),
                        ("candidate", models.CharField(max_length=64, verbose_name="candidate")),
                        (
                            "uscc",
                            models.CharField(
                                blank=True, max_length=18, verbose_name="unified social credit code"
                            ),
                        ),
                        ("case_id", models.UUIDField(null=True, verbose_name="case")),
                        (
                            "case_version",
                            models.PositiveIntegerField(null=True, verbose_name="case version"),
                        ),
                        (
                            "case_state",
                            models.CharField(
                                blank=True, db_default="", max_length=30, verbose_name="case state"
                            ),
                        ),
                        ("allowed", models.BooleanField(verbose_name="allowed")),
                        (
                            "reason",
                            models.CharField(blank=True, max_length=40, verbose_name="reason"),
                        ),
                        ("tier", models.CharField(max_length=20, verbose_name="tier")),
                        (
                            "ladder_version",
                            models.CharField(max_length=40, verbose_name="ladder version"),
                        ),
                        (
                            "used_day",
                            models.PositiveIntegerField(null=True, verbose_name="daily quota used"),
                        ),
                        (
                            "used_hour",
                            models.PositiveIntegerField(
                                null=True, verbose_name="hourly quota used"
                            ),
                        ),
                        ("decided_at", models.DateTimeField(verbose_name="decided")),
                    ],
                    options={
                        "verbose_name": "gate decision",
                        "verbose_name_plural": "gate decisions",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("allowed", True)),
                                fields=["uscc", "decided_at"],
                                name="gate_budget",
                            ),
                            models.Index(
                                fields=["employer_id", "-decided_at"], name="gate_employer"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="LadderVersion",
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
                        ("why", models.TextField(max_length=2000, verbose_name="why")),
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
                            "settled_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="settled by",
                            ),
                        ),
                        (
                            "settled_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="settled"),
                        ),
                        (
                            "version",
                            models.CharField(max_length=40, unique=True, verbose_name="version"),
                        ),
                        ("data", models.JSONField(verbose_name="ladder")),
                        (
                            "active_from",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="in force from"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "ladder version",
                        "verbose_name_plural": "ladder versions",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("active_from", None),
                                    models.Q(
                                        ("settled_by", models.F("proposed_by")), _negated=True
                                    ),
                                    _connector="OR",
                                ),
                                name="ladder_takes_two_people",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Move",
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
                        ("why", models.TextField(max_length=2000, verbose_name="why")),
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
                            "settled_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="settled by",
                            ),
                        ),
                        (
                            "settled_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="settled"),
                        ),
                        (
                            "employer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="employers.employer",
                                verbose_name="employer",
                            ),
                        ),
                        (
                            "tier",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("restricted", "restricted"),
                                    ("provisional", "provisional"),
                                    ("established", "established employer"),
                                ],
                                max_length=20,
                                verbose_name="tier",
                            ),
                        ),
                        (
                            "until",
                            models.DateTimeField(blank=True, null=True, verbose_name="until"),
                        ),
                        (
                            "confirmed",
                            models.BooleanField(
                                db_default=False, default=False, verbose_name="confirmed"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "proposed tier change",
                        "verbose_name_plural": "proposed tier changes",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("confirmed", False),
                                    models.Q(
                                        ("settled_by", models.F("proposed_by")), _negated=True
                                    ),
                                    _connector="OR",
                                ),
                                name="move_takes_two_people",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="MoveAppeal",
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
                            "employer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="employers.employer",
                                verbose_name="employer",
                            ),
                        ),
                        (
                            "move",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="events.event",
                                verbose_name="restriction",
                            ),
                        ),
                        (
                            "text",
                            models.TextField(max_length=4000, verbose_name="employer's statement"),
                        ),
                        (
                            "by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="appealed by",
                            ),
                        ),
                        ("at", models.DateTimeField(verbose_name="appealed")),
                        ("due_at", models.DateTimeField(verbose_name="answer due")),
                        (
                            "answered_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="answered"),
                        ),
                        (
                            "answered_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="answered by",
                            ),
                        ),
                        (
                            "outcome",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("lifted", "restriction lifted"),
                                    ("kept", "kept"),
                                    ("overtaken", "superseded"),
                                ],
                                max_length=10,
                                verbose_name="outcome",
                            ),
                        ),
                        (
                            "reply",
                            models.TextField(
                                blank=True, max_length=2000, verbose_name="reply to the employer"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "restriction appeal",
                        "verbose_name_plural": "restriction appeals",
                        "indexes": [
                            models.Index(fields=["employer", "-at"], name="move_appeal_employer"),
                            models.Index(
                                condition=models.Q(("answered_at", None)),
                                fields=["due_at"],
                                name="move_appeal_due",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("answered_at", None)),
                                fields=("employer",),
                                name="move_appeal_one_open",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("answered_at", None),
                                        ("answered_by", None),
                                        ("outcome", ""),
                                    ),
                                    models.Q(
                                        ("answered_at__isnull", False),
                                        ("answered_by__isnull", False),
                                        ("outcome__in", ["lifted", "kept"]),
                                    ),
                                    models.Q(
                                        ("answered_at__isnull", False),
                                        ("answered_by", None),
                                        ("outcome", "overtaken"),
                                    ),
                                    _connector="OR",
                                ),
                                name="move_appeal_answered_whole",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PassUse",
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
                        ("decision_id", models.UUIDField(verbose_name="gate decision")),
                        ("used_at", models.DateTimeField(verbose_name="used")),
                        (
                            "reason",
                            models.CharField(blank=True, max_length=40, verbose_name="why not"),
                        ),
                        ("tier", models.CharField(max_length=20, verbose_name="tier")),
                    ],
                    options={
                        "verbose_name": "pass use",
                        "verbose_name_plural": "pass uses",
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("reason", "")),
                                fields=("decision_id",),
                                name="pass_spent_once",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RelayTeam",
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
                            "employer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="employers.employer",
                                verbose_name="employer",
                            ),
                        ),
                        ("provider", models.CharField(max_length=20, verbose_name="provider")),
                        ("group", models.CharField(blank=True, max_length=64)),
                        ("told_digest", models.CharField(blank=True, max_length=64)),
                        ("callers", models.PositiveIntegerField(default=0, verbose_name="callers")),
                        ("looked_at", models.DateTimeField()),
                    ],
                    options={
                        "verbose_name": "caller team",
                        "verbose_name_plural": "caller teams",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("finished_at", None)),
                                fields=["due_at"],
                                name="relay_team_due",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("employer", "provider"), name="relay_team_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RelayPoll",
                    fields=[
                        (
                            "provider",
                            models.CharField(max_length=20, primary_key=True, serialize=False),
                        ),
                        ("read_until", models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name="Standing",
                    fields=[
                        (
                            "employer",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                primary_key=True,
                                related_name="+",
                                serialize=False,
                                to="employers.employer",
                                verbose_name="employer",
                            ),
                        ),
                        (
                            "tier",
                            models.CharField(
                                choices=[
                                    ("restricted", "restricted"),
                                    ("provisional", "provisional"),
                                    ("established", "established employer"),
                                ],
                                max_length=20,
                                verbose_name="tier",
                            ),
                        ),
                        (
                            "reason",
                            models.CharField(blank=True, max_length=40, verbose_name="reason"),
                        ),
                        ("moved_at", models.DateTimeField(verbose_name="tier changed")),
                        (
                            "until",
                            models.DateTimeField(blank=True, null=True, verbose_name="until"),
                        ),
                        (
                            "earlier_tier",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("restricted", "restricted"),
                                    ("provisional", "provisional"),
                                    ("established", "established employer"),
                                ],
                                db_default="",
                                max_length=20,
                                verbose_name="previous tier",
                            ),
                        ),
                        (
                            "earlier_until",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="previous end date"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "tier change",
                        "verbose_name_plural": "tier changes",
                        "indexes": [
                            models.Index(fields=["reason", "moved_at"], name="standing_reason")
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("tier", "restricted"),
                                        models.Q(("reason", ""), _negated=True),
                                    ),
                                    models.Q(
                                        models.Q(("tier", "restricted"), _negated=True),
                                        ("reason", ""),
                                    ),
                                    _connector="OR",
                                ),
                                name="standing_restricted_has_reason",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Trace",
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
                            "client_id",
                            models.UUIDField(blank=True, null=True, verbose_name="platform"),
                        ),
                        (
                            "test",
                            models.BooleanField(
                                db_default=False, default=False, verbose_name="test data"
                            ),
                        ),
                        (
                            "asked_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="requested by",
                            ),
                        ),
                        ("asked_at", models.DateTimeField(verbose_name="trace requested")),
                        ("why", models.CharField(max_length=500, verbose_name="why")),
                        (
                            "candidate",
                            models.CharField(blank=True, max_length=64, verbose_name="candidate"),
                        ),
                        (
                            "sha256",
                            models.CharField(
                                blank=True, max_length=64, verbose_name="SHA-256 of the leaked file"
                            ),
                        ),
                        ("leak", models.FileField(blank=True, max_length=200, upload_to="")),
                        ("text_sealed", models.TextField(blank=True)),
                        (
                            "refused",
                            models.CharField(blank=True, max_length=40, verbose_name="why not"),
                        ),
                        (
                            "resumes",
                            models.PositiveIntegerField(default=0, verbose_name="resumes compared"),
                        ),
                        ("found", models.JSONField(default=list, verbose_name="found")),
                        ("evidence", models.FileField(blank=True, max_length=200, upload_to="")),
                    ],
                    options={
                        "verbose_name": "leak trace",
                        "verbose_name_plural": "leak traces",
                        "permissions": [("trace_leak", "Can trace leaks, which is on record")],
                        "indexes": [
                            models.Index(
                                condition=models.Q(("finished_at", None)),
                                fields=["due_at"],
                                name="trace_due",
                            ),
                            models.Index(
                                fields=["client_id", "-asked_at"], name="trace_of_platform"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="BlockedEmployer",
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
                            "candidate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="blocked",
                                to="downloads.candidate",
                                verbose_name="candidate",
                            ),
                        ),
                        (
                            "uscc",
                            models.CharField(
                                max_length=18, verbose_name="unified social credit code"
                            ),
                        ),
                        (
                            "name",
                            models.CharField(
                                blank=True, max_length=200, verbose_name="company name"
                            ),
                        ),
                        ("own", models.BooleanField(verbose_name="by the candidate")),
                        ("at", models.DateTimeField(verbose_name="since")),
                    ],
                    options={
                        "verbose_name": "blocked employer",
                        "verbose_name_plural": "blocked employers",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("candidate", "uscc"), name="blocked_employer_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Consent",
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
                            "candidate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="consents",
                                to="downloads.candidate",
                                verbose_name="candidate",
                            ),
                        ),
                        (
                            "uscc",
                            models.CharField(
                                max_length=18, verbose_name="unified social credit code"
                            ),
                        ),
                        ("receiver", models.CharField(max_length=200, verbose_name="receiver")),
                        (
                            "contact",
                            models.CharField(max_length=254, verbose_name="receiver's contact"),
                        ),
                        (
                            "purpose",
                            models.CharField(
                                choices=[
                                    ("hiring", "to consider you for a post of their own"),
                                    (
                                        "for_client",
                                        "to propose you to a company that they recruit for",
                                    ),
                                ],
                                max_length=20,
                                verbose_name="purpose",
                            ),
                        ),
                        (
                            "method",
                            models.CharField(
                                choices=[
                                    (
                                        "marked_copy",
                                        "a copy that is marked with the receiver's name",
                                    )
                                ],
                                default="marked_copy",
                                max_length=20,
                                verbose_name="method",
                            ),
                        ),
                        ("kinds", models.JSONField(default=list, verbose_name="kinds of data")),
                        (
                            "how",
                            models.CharField(
                                choices=[
                                    ("page", "on the candidate's own page"),
                                    ("platform", "recorded by the platform"),
                                ],
                                max_length=10,
                                verbose_name="how consent was given",
                            ),
                        ),
                        (
                            "evidence",
                            models.CharField(
                                blank=True, max_length=200, verbose_name="platform's evidence"
                            ),
                        ),
                        ("given_at", models.DateTimeField(verbose_name="given")),
                        ("until", models.DateTimeField(verbose_name="until")),
                        (
                            "revoked_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="revoked"),
                        ),
                    ],
                    options={
                        "verbose_name": "consent",
                        "verbose_name_plural": "consents",
                        "indexes": [
                            models.Index(
                                fields=["candidate", "-given_at"], name="consent_candidate"
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("revoked_at", None)),
                                fields=("candidate", "uscc"),
                                name="consent_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("how", "page"),
                                    models.Q(("evidence", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="consent_of_platform_has_evidence",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="EraseOrder",
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
                            "candidate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="erase_orders",
                                to="downloads.candidate",
                                verbose_name="candidate",
                            ),
                        ),
                        (
                            "employer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="employers.employer",
                                verbose_name="employer",
                            ),
                        ),
                        (
                            "uscc",
                            models.CharField(
                                max_length=18, verbose_name="unified social credit code"
                            ),
                        ),
                        ("ordered_at", models.DateTimeField(verbose_name="ordered")),
                        ("due_at", models.DateTimeField(verbose_name="due")),
                        (
                            "answered_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="answered"),
                        ),
                        (
                            "answer",
                            models.CharField(
                                blank=True,
                                choices=[("erased", "erased"), ("kept", "kept for a reason")],
                                max_length=10,
                                verbose_name="answer",
                            ),
                        ),
                        ("why", models.CharField(blank=True, max_length=500, verbose_name="why")),
                        (
                            "answered_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="employers.member",
                                verbose_name="answered by",
                            ),
                        ),
                        (
                            "withdrawn_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="withdrawn"),
                        ),
                        ("reminded_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "verbose_name": "erase order",
                        "verbose_name_plural": "erase orders",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("answered_at", None), ("withdrawn_at", None)),
                                fields=["due_at"],
                                name="erase_order_due",
                            ),
                            models.Index(fields=["uscc", "ordered_at"], name="erase_order_company"),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("answered_at", None), ("withdrawn_at", None)),
                                fields=("candidate", "employer"),
                                name="erase_order_open_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("answer", ""), ("answered_at", None)),
                                    models.Q(
                                        ("answered_at__isnull", False),
                                        models.Q(("answer", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="erase_order_answered",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("answer", "kept"), _negated=True),
                                    models.Q(("why", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="erase_order_kept_has_reason",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RelayBinding",
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
                                related_name="+",
                                to="employers.employer",
                                verbose_name="employer",
                            ),
                        ),
                        (
                            "uscc",
                            models.CharField(
                                max_length=18, verbose_name="unified social credit code"
                            ),
                        ),
                        ("client_id", models.UUIDField(verbose_name="platform")),
                        (
                            "test",
                            models.BooleanField(
                                db_default=False, default=False, verbose_name="test data"
                            ),
                        ),
                        ("decision_id", models.UUIDField(verbose_name="gate decision")),
                        (
                            "member",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="employers.member",
                                verbose_name="recruiter",
                            ),
                        ),
                        ("candidate", models.CharField(max_length=64, verbose_name="candidate")),
                        ("candidate_sealed", models.TextField(blank=True)),
                        ("candidate_index", models.CharField(max_length=64)),
                        ("provider", models.CharField(max_length=20, verbose_name="provider")),
                        (
                            "team",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="bindings",
                                to="downloads.relayteam",
                                verbose_name="caller team",
                            ),
                        ),
                        ("reference", models.CharField(blank=True, max_length=64)),
                        (
                            "number",
                            models.CharField(
                                blank=True, max_length=20, verbose_name="relay number"
                            ),
                        ),
                        (
                            "extension",
                            models.CharField(blank=True, max_length=8, verbose_name="extension"),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("requested", "requested"),
                                    ("bound", "in force"),
                                    ("ended", "no longer in force"),
                                    ("failed", "no number available"),
                                ],
                                default="requested",
                                max_length=10,
                                verbose_name="state",
                            ),
                        ),
                        (
                            "muted",
                            models.BooleanField(
                                default=False, verbose_name="muted by the candidate"
                            ),
                        ),
                        ("requested_at", models.DateTimeField(verbose_name="asked for")),
                        (
                            "bound_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="assigned"),
                        ),
                        ("expires_at", models.DateTimeField(verbose_name="ends")),
                        (
                            "ended_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="ended"),
                        ),
                        (
                            "ended_why",
                            models.CharField(
                                blank=True, max_length=40, verbose_name="why it ended"
                            ),
                        ),
                        (
                            "none_free_at",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="no free number at"
                            ),
                        ),
                        ("reminded", models.PositiveSmallIntegerField(default=0)),
                        ("told_expires_at", models.DateTimeField(blank=True, null=True)),
                        ("told_muted", models.BooleanField(default=False)),
                        (
                            "asked_at",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="contact requested"
                            ),
                        ),
                        (
                            "answered_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="answered"),
                        ),
                        (
                            "agreed",
                            models.BooleanField(blank=True, null=True, verbose_name="agreed"),
                        ),
                    ],
                    options={
                        "verbose_name": "relay number",
                        "verbose_name_plural": "relay numbers",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("finished_at", None)),
                                fields=["due_at"],
                                name="relay_due",
                            ),
                            models.Index(
                                condition=models.Q(("state__in", ("requested", "bound"))),
                                fields=["employer"],
                                name="relay_open_of",
                            ),
                            models.Index(
                                fields=["client_id", "-requested_at"], name="relay_of_platform"
                            ),
                            models.Index(
                                fields=["client_id", "candidate"], name="relay_of_candidate"
                            ),
                            models.Index(fields=["number"], name="relay_number"),
                            models.Index(fields=["provider", "reference"], name="relay_reference"),
                            models.Index(
                                condition=models.Q(("none_free_at__isnull", False)),
                                fields=["none_free_at"],
                                name="relay_none_free",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("state__in", ("requested", "bound"))),
                                fields=("employer", "client_id", "candidate"),
                                name="relay_open_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("bound_at__isnull", False),
                                        ("ended_at", None),
                                        ("state", "bound"),
                                        models.Q(("number", ""), _negated=True),
                                    ),
                                    models.Q(("state", "bound"), _negated=True),
                                    _connector="OR",
                                ),
                                name="relay_bound_has_number",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("ended_at", None),
                                        ("ended_why", ""),
                                        ("state__in", ("requested", "bound")),
                                    ),
                                    models.Q(
                                        models.Q(
                                            ("state__in", ("requested", "bound")), _negated=True
                                        ),
                                        ("ended_at__isnull", False),
                                        models.Q(("ended_why", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="relay_ended_has_reason",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ConsentRequest",
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
                            "candidate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="requests",
                                to="downloads.candidate",
                                verbose_name="candidate",
                            ),
                        ),
                        (
                            "employer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="employers.employer",
                                verbose_name="employer",
                            ),
                        ),
                        (
                            "uscc",
                            models.CharField(
                                max_length=18, verbose_name="unified social credit code"
                            ),
                        ),
                        (
                            "member",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="employers.member",
                                verbose_name="recruiter",
                            ),
                        ),
                        (
                            "purpose",
                            models.CharField(
                                choices=[
                                    ("hiring", "to consider you for a post of their own"),
                                    (
                                        "for_client",
                                        "to propose you to a company that they recruit for",
                                    ),
                                ],
                                max_length=20,
                                verbose_name="purpose",
                            ),
                        ),
                        ("kinds", models.JSONField(default=list, verbose_name="kinds of data")),
                        ("asked_at", models.DateTimeField(verbose_name="trace requested")),
                        ("expires_at", models.DateTimeField(verbose_name="ends")),
                        (
                            "answered_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="answered"),
                        ),
                        (
                            "agreed",
                            models.BooleanField(blank=True, null=True, verbose_name="agreed"),
                        ),
                        (
                            "consent",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="downloads.consent",
                                verbose_name="consent",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "consent request",
                        "verbose_name_plural": "consent requests",
                        "indexes": [
                            models.Index(
                                fields=["candidate", "uscc", "-asked_at"],
                                name="consent_request_latest",
                            )
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("agreed", None), ("answered_at", None)),
                                    models.Q(
                                        ("agreed__isnull", False), ("answered_at__isnull", False)
                                    ),
                                    _connector="OR",
                                ),
                                name="consent_answered",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Release",
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
                            "decision_id",
                            models.UUIDField(unique=True, verbose_name="gate decision"),
                        ),
                        ("client_id", models.UUIDField(verbose_name="platform")),
                        (
                            "test",
                            models.BooleanField(
                                db_default=False, default=False, verbose_name="test data"
                            ),
                        ),
                        ("candidate", models.CharField(max_length=64, verbose_name="candidate")),
                        (
                            "employer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="employers.employer",
                                verbose_name="employer",
                            ),
                        ),
                        (
                            "uscc",
                            models.CharField(
                                max_length=18, verbose_name="unified social credit code"
                            ),
                        ),
                        ("receiver", models.CharField(max_length=200, verbose_name="receiver")),
                        (
                            "member",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="employers.member",
                                verbose_name="recruiter",
                            ),
                        ),
                        (
                            "purpose",
                            models.CharField(
                                choices=[
                                    ("hiring", "to consider you for a post of their own"),
                                    (
                                        "for_client",
                                        "to propose you to a company that they recruit for",
                                    ),
                                ],
                                max_length=20,
                                verbose_name="purpose",
                            ),
                        ),
                        (
                            "method",
                            models.CharField(
                                choices=[
                                    (
                                        "marked_copy",
                                        "a copy that is marked with the receiver's name",
                                    )
                                ],
                                default="marked_copy",
                                max_length=20,
                                verbose_name="method",
                            ),
                        ),
                        ("kinds", models.JSONField(default=list, verbose_name="kinds of data")),
                        (
                            "contact",
                            models.CharField(max_length=254, verbose_name="receiver's contact"),
                        ),
                        (
                            "consent",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="downloads.consent",
                                verbose_name="consent",
                            ),
                        ),
                        ("released_at", models.DateTimeField(verbose_name="left")),
                        (
                            "receipt",
                            models.TextField(db_default="", default="", verbose_name="receipt"),
                        ),
                        (
                            "signature",
                            models.CharField(
                                db_default="", default="", max_length=100, verbose_name="signature"
                            ),
                        ),
                        (
                            "key_id",
                            models.CharField(
                                db_default="", default="", max_length=16, verbose_name="receipt key"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "release",
                        "verbose_name_plural": "releases",
                        "indexes": [
                            models.Index(
                                fields=["client_id", "candidate", "-released_at"],
                                name="release_candidate",
                            ),
                            models.Index(fields=["released_at"], name="release_when"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Copy",
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
                            "number",
                            models.CharField(max_length=20, unique=True, verbose_name="number"),
                        ),
                        (
                            "decision_id",
                            models.UUIDField(unique=True, verbose_name="gate decision"),
                        ),
                        ("client_id", models.UUIDField(verbose_name="platform")),
                        (
                            "test",
                            models.BooleanField(
                                db_default=False, default=False, verbose_name="test data"
                            ),
                        ),
                        (
                            "employer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="employers.employer",
                                verbose_name="employer",
                            ),
                        ),
                        ("receiver", models.CharField(max_length=200, verbose_name="receiver")),
                        (
                            "member",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="employers.member",
                                verbose_name="recruiter",
                            ),
                        ),
                        ("candidate", models.CharField(max_length=64, verbose_name="candidate")),
                        (
                            "binding",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="copies",
                                to="downloads.relaybinding",
                                verbose_name="relay number",
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("preparing", "in preparation"),
                                    ("ready", "ready"),
                                    ("failed", "failed"),
                                    ("closed", "no longer available"),
                                ],
                                default="preparing",
                                max_length=10,
                                verbose_name="state",
                            ),
                        ),
                        (
                            "why",
                            models.CharField(blank=True, max_length=40, verbose_name="why not"),
                        ),
                        (
                            "sha256",
                            models.CharField(
                                blank=True, max_length=64, verbose_name="SHA-256 of the original"
                            ),
                        ),
                        ("given_sealed", models.TextField(blank=True)),
                        ("original", models.FileField(blank=True, max_length=200, upload_to="")),
                        (
                            "original_reference",
                            models.CharField(
                                blank=True, max_length=200, verbose_name="platform's file reference"
                            ),
                        ),
                        (
                            "resume",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="copies",
                                to="downloads.cleanresume",
                                verbose_name="clean resume",
                            ),
                        ),
                        ("mark_key", models.CharField(blank=True, max_length=8)),
                        ("pdf", models.FileField(blank=True, max_length=200, upload_to="")),
                        ("pdf_bytes", models.PositiveIntegerField(default=0, verbose_name="bytes")),
                        ("requested_at", models.DateTimeField(verbose_name="asked for")),
                        (
                            "ready_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="made"),
                        ),
                        (
                            "links_until",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="available until"
                            ),
                        ),
                        (
                            "opened_at",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="first opened"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "resume copy",
                        "verbose_name_plural": "resume copies",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("finished_at", None)),
                                fields=["due_at"],
                                name="copy_due",
                            ),
                            models.Index(
                                fields=["client_id", "-requested_at"], name="copy_of_platform"
                            ),
                            models.Index(
                                condition=models.Q(("state", "ready")),
                                fields=["links_until"],
                                name="copy_handed_out",
                            ),
                            models.Index(fields=["requested_at"], name="copy_when"),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("state", "failed"), models.Q(("why", ""), _negated=True)
                                    ),
                                    models.Q(
                                        models.Q(("state", "failed"), _negated=True), ("why", "")
                                    ),
                                    _connector="OR",
                                ),
                                name="copy_failed_has_reason",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "ready"), _negated=True),
                                    models.Q(
                                        models.Q(("pdf", ""), _negated=True),
                                        ("links_until__isnull", False),
                                        ("ready_at__isnull", False),
                                        ("resume__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="copy_ready_has_file",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RelayCall",
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
                        ("provider", models.CharField(max_length=20, verbose_name="provider")),
                        ("record_id", models.CharField(max_length=100, verbose_name="record")),
                        (
                            "binding",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="calls",
                                to="downloads.relaybinding",
                                verbose_name="binding",
                            ),
                        ),
                        (
                            "client_id",
                            models.UUIDField(blank=True, null=True, verbose_name="platform"),
                        ),
                        (
                            "test",
                            models.BooleanField(
                                db_default=False, default=False, verbose_name="test data"
                            ),
                        ),
                        ("number", models.CharField(max_length=20, verbose_name="relay number")),
                        (
                            "extension",
                            models.CharField(blank=True, max_length=8, verbose_name="extension"),
                        ),
                        ("caller_index", models.CharField(blank=True, max_length=64)),
                        (
                            "by_candidate",
                            models.BooleanField(
                                default=False, verbose_name="called by the candidate"
                            ),
                        ),
                        ("at", models.DateTimeField(verbose_name="when")),
                        ("seconds", models.PositiveIntegerField(default=0, verbose_name="seconds")),
                        (
                            "outcome",
                            models.CharField(
                                choices=[
                                    ("connected", "connected"),
                                    ("no_answer", "not answered"),
                                    ("busy", "busy"),
                                    ("unreachable", "phone off or out of service"),
                                    ("muted", "muted by the candidate"),
                                    ("stranger", "caller is not on the employer's team"),
                                    ("unbound", "number no longer in force"),
                                    ("blocked", "number blocked by the carrier"),
                                    ("failed", "failed"),
                                ],
                                max_length=12,
                                verbose_name="outcome",
                            ),
                        ),
                        ("received_at", models.DateTimeField(verbose_name="received")),
                    ],
                    options={
                        "verbose_name": "call",
                        "verbose_name_plural": "calls",
                        "indexes": [
                            models.Index(fields=["binding", "-at"], name="relay_call_binding"),
                            models.Index(fields=["at"], name="relay_call_when"),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("provider", "record_id"), name="relay_call_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="MisuseReport",
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
                            "candidate",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="reports",
                                to="downloads.candidate",
                                verbose_name="candidate",
                            ),
                        ),
                        (
                            "release",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="reports",
                                to="downloads.release",
                                verbose_name="release",
                            ),
                        ),
                        (
                            "about",
                            models.CharField(
                                choices=[
                                    (
                                        "not_hiring",
                                        "They are not hiring; they are selling or advertising something",
                                    ),
                                    ("passed_on", "My details were passed on to others"),
                                    ("money", "They ask for money or documents"),
                                    ("molested", "They keep contacting me"),
                                    ("other", "Something else"),
                                ],
                                max_length=20,
                                verbose_name="about",
                            ),
                        ),
                        (
                            "said",
                            models.TextField(
                                blank=True, max_length=1000, verbose_name="candidate's own words"
                            ),
                        ),
                        ("reported_at", models.DateTimeField(verbose_name="reported")),
                        (
                            "settled_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="reviewed on"),
                        ),
                        (
                            "settled_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="by",
                            ),
                        ),
                        (
                            "outcome",
                            models.CharField(
                                blank=True, max_length=500, verbose_name="result of the review"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "misuse report",
                        "verbose_name_plural": "misuse reports",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("settled_at", None)),
                                fields=["reported_at"],
                                name="misuse_report_open",
                            )
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("settled_at", None), ("settled_by", None)),
                                    models.Q(
                                        ("settled_at__isnull", False), ("settled_by__isnull", False)
                                    ),
                                    _connector="OR",
                                ),
                                name="misuse_report_settled_by",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CopyLink",
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
                            "of",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="links",
                                to="downloads.copy",
                                verbose_name="resume copy",
                            ),
                        ),
                        ("made_at", models.DateTimeField(verbose_name="made")),
                        ("expires_at", models.DateTimeField(verbose_name="ends")),
                        (
                            "used_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="used"),
                        ),
                        (
                            "why",
                            models.CharField(blank=True, max_length=40, verbose_name="why not"),
                        ),
                    ],
                    options={"verbose_name": "copy link", "verbose_name_plural": "copy links"},
                ),
                migrations.CreateModel(
                    name="CanaryRing",
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
                            "canary",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="rings",
                                to="downloads.canary",
                                verbose_name="canary",
                            ),
                        ),
                        (
                            "call",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="downloads.relaycall",
                                verbose_name="call",
                            ),
                        ),
                        (
                            "employer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="employers.employer",
                                verbose_name="employer",
                            ),
                        ),
                        ("at", models.DateTimeField(verbose_name="when")),
                        (
                            "answered_at",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="action taken"
                            ),
                        ),
                        (
                            "restricted",
                            models.BooleanField(default=False, verbose_name="employer restricted"),
                        ),
                        (
                            "looked_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="reviewed on"),
                        ),
                        (
                            "looked_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="by",
                            ),
                        ),
                        (
                            "outcome",
                            models.CharField(
                                blank=True, max_length=500, verbose_name="result of the review"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "canary call",
                        "verbose_name_plural": "canary calls",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("answered_at", None)),
                                fields=["at"],
                                name="canary_ring_new",
                            ),
                            models.Index(fields=["employer", "-at"], name="canary_ring_employer"),
                        ],
                    },
                ),
            ]
        ),
        migrations.RunPython(add_indexes, migrations.RunPython.noop),
        grant_permissions({"Seniors": [TRACE], "Leads": [TRACE]}),
    ]
