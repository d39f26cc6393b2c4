"""Labels and help texts of fields, which the database does not know."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from events.db.labels import Relabel


class Migration(migrations.Migration):
    dependencies = [
        ("verification", "0013_case_of_a_test"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        Relabel(
            [
                migrations.AlterModelOptions(
                    name="bulk",
                    options={
                        "verbose_name": "bulk decision",
                        "verbose_name_plural": "bulk decisions",
                    },
                ),
                migrations.AlterModelOptions(
                    name="checkrun",
                    options={
                        "ordering": ["id"],
                        "verbose_name": "check run",
                        "verbose_name_plural": "check runs",
                    },
                ),
                migrations.AlterField(
                    model_name="appeal",
                    name="text",
                    field=models.TextField(verbose_name="employer's statement"),
                ),
                migrations.AlterField(
                    model_name="appeal",
                    name="verb",
                    field=models.CharField(
                        choices=[("appeal", "appeal"), ("ask_person", "a person")],
                        max_length=20,
                        verbose_name="request",
                    ),
                ),
                migrations.AlterField(
                    model_name="attempt",
                    name="deaths",
                    field=models.PositiveIntegerField(default=0, verbose_name="worker crashes"),
                ),
                migrations.AlterField(
                    model_name="attempt",
                    name="due_at",
                    field=models.DateTimeField(verbose_name="next run"),
                ),
                migrations.AlterField(
                    model_name="attempt",
                    name="finished_at",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="finished"),
                ),
                migrations.AlterField(
                    model_name="attempt",
                    name="last_error",
                    field=models.CharField(blank=True, max_length=200, verbose_name="last error"),
                ),
                migrations.AlterField(
                    model_name="attempt",
                    name="lease",
                    field=models.UUIDField(blank=True, null=True, verbose_name="lease"),
                ),
                migrations.AlterField(
                    model_name="attempt",
                    name="leased_until",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="leased until"),
                ),
                migrations.AlterField(
                    model_name="attempt",
                    name="outcome",
                    field=models.CharField(
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
                migrations.AlterField(
                    model_name="attempt",
                    name="tries",
                    field=models.PositiveIntegerField(default=0, verbose_name="tries"),
                ),
                migrations.AlterField(
                    model_name="bulk",
                    name="proposed_at",
                    field=models.DateTimeField(verbose_name="proposed"),
                ),
                migrations.AlterField(
                    model_name="bulk",
                    name="proposed_by",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="proposed by",
                    ),
                ),
                migrations.AlterField(
                    model_name="checkrun",
                    name="attempt",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="check_runs",
                        to="verification.attempt",
                        verbose_name="submission",
                    ),
                ),
                migrations.AlterField(
                    model_name="checkrun",
                    name="code",
                    field=models.CharField(max_length=30, verbose_name="check"),
                ),
                migrations.AlterField(
                    model_name="checkrun",
                    name="findings",
                    field=models.JSONField(default=list, verbose_name="findings"),
                ),
                migrations.AlterField(
                    model_name="checkrun",
                    name="finished_at",
                    field=models.DateTimeField(verbose_name="finished"),
                ),
                migrations.AlterField(
                    model_name="checkrun",
                    name="observation",
                    field=models.JSONField(default=dict, verbose_name="raw check data"),
                ),
                migrations.AlterField(
                    model_name="checkrun",
                    name="round",
                    field=models.PositiveIntegerField(default=0, verbose_name="round"),
                ),
                migrations.AlterField(
                    model_name="checkrun",
                    name="started_at",
                    field=models.DateTimeField(verbose_name="started"),
                ),
                migrations.AlterField(
                    model_name="checkrun",
                    name="version",
                    field=models.CharField(max_length=20, verbose_name="version"),
                ),
                migrations.AlterField(
                    model_name="decision",
                    name="seconds",
                    field=models.FloatField(blank=True, null=True, verbose_name="seconds viewed"),
                ),
                migrations.AlterField(
                    model_name="decision",
                    name="waited",
                    field=models.FloatField(
                        blank=True, null=True, verbose_name="working hours waited"
                    ),
                ),
                migrations.AlterField(
                    model_name="documentreading",
                    name="deaths",
                    field=models.PositiveIntegerField(default=0, verbose_name="worker crashes"),
                ),
                migrations.AlterField(
                    model_name="documentreading",
                    name="due_at",
                    field=models.DateTimeField(verbose_name="next run"),
                ),
                migrations.AlterField(
                    model_name="documentreading",
                    name="finished_at",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="finished"),
                ),
                migrations.AlterField(
                    model_name="documentreading",
                    name="last_error",
                    field=models.CharField(blank=True, max_length=200, verbose_name="last error"),
                ),
                migrations.AlterField(
                    model_name="documentreading",
                    name="lease",
                    field=models.UUIDField(blank=True, null=True, verbose_name="lease"),
                ),
                migrations.AlterField(
                    model_name="documentreading",
                    name="leased_until",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="leased until"),
                ),
                migrations.AlterField(
                    model_name="documentreading",
                    name="tries",
                    field=models.PositiveIntegerField(default=0, verbose_name="tries"),
                ),
                migrations.AlterField(
                    model_name="goldencase",
                    name="kind",
                    field=models.CharField(
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
                migrations.AlterField(
                    model_name="proof",
                    name="deaths",
                    field=models.PositiveIntegerField(default=0, verbose_name="worker crashes"),
                ),
                migrations.AlterField(
                    model_name="proof",
                    name="due_at",
                    field=models.DateTimeField(verbose_name="next run"),
                ),
                migrations.AlterField(
                    model_name="proof",
                    name="expires_at",
                    field=models.DateTimeField(verbose_name="deadline"),
                ),
                migrations.AlterField(
                    model_name="proof",
                    name="finished_at",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="finished"),
                ),
                migrations.AlterField(
                    model_name="proof",
                    name="holds_until",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="valid until"),
                ),
                migrations.AlterField(
                    model_name="proof",
                    name="kind",
                    field=models.CharField(
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
                migrations.AlterField(
                    model_name="proof",
                    name="last_error",
                    field=models.CharField(blank=True, max_length=200, verbose_name="last error"),
                ),
                migrations.AlterField(
                    model_name="proof",
                    name="lease",
                    field=models.UUIDField(blank=True, null=True, verbose_name="lease"),
                ),
                migrations.AlterField(
                    model_name="proof",
                    name="leased_until",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="leased until"),
                ),
                migrations.AlterField(
                    model_name="proof",
                    name="shown",
                    field=models.CharField(blank=True, max_length=254, verbose_name="subject"),
                ),
                migrations.AlterField(
                    model_name="proof",
                    name="tries",
                    field=models.PositiveIntegerField(default=0, verbose_name="tries"),
                ),
                migrations.AlterField(
                    model_name="registryrecord",
                    name="email_domain",
                    field=models.CharField(blank=True, max_length=200, verbose_name="email domain"),
                ),
                migrations.AlterField(
                    model_name="ruling",
                    name="deaths",
                    field=models.PositiveIntegerField(default=0, verbose_name="worker crashes"),
                ),
                migrations.AlterField(
                    model_name="ruling",
                    name="due_at",
                    field=models.DateTimeField(verbose_name="next run"),
                ),
                migrations.AlterField(
                    model_name="ruling",
                    name="finished_at",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="finished"),
                ),
                migrations.AlterField(
                    model_name="ruling",
                    name="last_error",
                    field=models.CharField(blank=True, max_length=200, verbose_name="last error"),
                ),
                migrations.AlterField(
                    model_name="ruling",
                    name="lease",
                    field=models.UUIDField(blank=True, null=True, verbose_name="lease"),
                ),
                migrations.AlterField(
                    model_name="ruling",
                    name="leased_until",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="leased until"),
                ),
                migrations.AlterField(
                    model_name="ruling",
                    name="tries",
                    field=models.PositiveIntegerField(default=0, verbose_name="tries"),
                ),
                migrations.AlterField(
                    model_name="savedreply",
                    name="code",
                    field=models.CharField(max_length=40, unique=True, verbose_name="short name"),
                ),
                migrations.AlterField(
                    model_name="savedreply",
                    name="retired_at",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="retired"),
                ),
                migrations.AlterField(
                    model_name="savedreply",
                    name="title_en",
                    field=models.CharField(max_length=100, verbose_name="title in English"),
                ),
                migrations.AlterField(
                    model_name="savedreply",
                    name="title_zh",
                    field=models.CharField(max_length=100, verbose_name="title in Chinese"),
                ),
                migrations.AlterField(
                    model_name="savedreply",
                    name="verb",
                    field=models.CharField(max_length=30, verbose_name="decision"),
                ),
                migrations.AlterField(
                    model_name="shadowverdict",
                    name="attempt",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shadow_verdicts",
                        to="verification.attempt",
                        verbose_name="submission",
                    ),
                ),
                migrations.AlterField(
                    model_name="shadowverdict",
                    name="live_outcome",
                    field=models.CharField(
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
                migrations.AlterField(
                    model_name="shadowverdict",
                    name="outcome",
                    field=models.CharField(
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
                migrations.AlterField(
                    model_name="shadowverdict",
                    name="round",
                    field=models.PositiveIntegerField(default=0, verbose_name="round"),
                ),
                migrations.AlterField(
                    model_name="statement",
                    name="read",
                    field=models.CharField(max_length=300, verbose_name="we read"),
                ),
                migrations.AlterField(
                    model_name="statement",
                    name="said",
                    field=models.CharField(max_length=300, verbose_name="employer says"),
                ),
            ]
        )
    ]
