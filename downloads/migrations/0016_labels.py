"""Labels and help texts of fields, which the database does not know."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from events.db.labels import Relabel


class Migration(migrations.Migration):
    dependencies = [
        ("downloads", "0015_relay_of_candidate"),
        ("events", "0005_labels"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        Relabel(
            [
                migrations.AlterModelOptions(
                    name="canaryring",
                    options={"verbose_name": "canary call", "verbose_name_plural": "canary calls"},
                ),
                migrations.AlterModelOptions(
                    name="candidatedefault",
                    options={
                        "verbose_name": "platform default",
                        "verbose_name_plural": "platform defaults",
                    },
                ),
                migrations.AlterModelOptions(
                    name="consentrequest",
                    options={
                        "verbose_name": "consent request",
                        "verbose_name_plural": "consent requests",
                    },
                ),
                migrations.AlterModelOptions(
                    name="copy",
                    options={"verbose_name": "resume copy", "verbose_name_plural": "resume copies"},
                ),
                migrations.AlterModelOptions(
                    name="copylink",
                    options={"verbose_name": "copy link", "verbose_name_plural": "copy links"},
                ),
                migrations.AlterModelOptions(
                    name="ladderversion",
                    options={
                        "verbose_name": "ladder version",
                        "verbose_name_plural": "ladder versions",
                    },
                ),
                migrations.AlterModelOptions(
                    name="misusereport",
                    options={
                        "verbose_name": "misuse report",
                        "verbose_name_plural": "misuse reports",
                    },
                ),
                migrations.AlterModelOptions(
                    name="move",
                    options={
                        "verbose_name": "proposed tier change",
                        "verbose_name_plural": "proposed tier changes",
                    },
                ),
                migrations.AlterModelOptions(
                    name="moveappeal",
                    options={
                        "verbose_name": "restriction appeal",
                        "verbose_name_plural": "restriction appeals",
                    },
                ),
                migrations.AlterModelOptions(
                    name="passuse",
                    options={"verbose_name": "pass use", "verbose_name_plural": "pass uses"},
                ),
                migrations.AlterModelOptions(
                    name="relayteam",
                    options={"verbose_name": "caller team", "verbose_name_plural": "caller teams"},
                ),
                migrations.AlterModelOptions(
                    name="standing",
                    options={"verbose_name": "tier change", "verbose_name_plural": "tier changes"},
                ),
                migrations.AlterModelOptions(
                    name="trace",
                    options={
                        "permissions": [("trace_leak", "Can trace leaks, which is on record")],
                        "verbose_name": "leak trace",
                        "verbose_name_plural": "leak traces",
                    },
                ),
                migrations.AlterField(
                    model_name="canaryring",
                    name="answered_at",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="action taken"),
                ),
                migrations.AlterField(
                    model_name="canaryring",
                    name="looked_at",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="reviewed on"),
                ),
                migrations.AlterField(
                    model_name="canaryring",
                    name="outcome",
                    field=models.CharField(
                        blank=True, max_length=500, verbose_name="result of the review"
                    ),
                ),
                migrations.AlterField(
                    model_name="candidate",
                    name="test",
                    field=models.BooleanField(
                        db_default=False, default=False, verbose_name="test data"
                    ),
                ),
                migrations.AlterField(
                    model_name="candidate",
                    name="told_at",
                    field=models.DateTimeField(verbose_name="recorded"),
                ),
                migrations.AlterField(
                    model_name="cleanresume",
                    name="removed",
                    field=models.JSONField(default=list, verbose_name="redacted"),
                ),
                migrations.AlterField(
                    model_name="cleanresume",
                    name="test",
                    field=models.BooleanField(
                        db_default=False, default=False, verbose_name="test data"
                    ),
                ),
                migrations.AlterField(
                    model_name="consent",
                    name="contact",
                    field=models.CharField(max_length=254, verbose_name="receiver's contact"),
                ),
                migrations.AlterField(
                    model_name="consent",
                    name="how",
                    field=models.CharField(
                        choices=[
                            ("page", "on the candidate's own page"),
                            ("platform", "recorded by the platform"),
                        ],
                        max_length=10,
                        verbose_name="how consent was given",
                    ),
                ),
                migrations.AlterField(
                    model_name="consentrequest",
                    name="asked_at",
                    field=models.DateTimeField(verbose_name="trace requested"),
                ),
                migrations.AlterField(
                    model_name="copy",
                    name="deaths",
                    field=models.PositiveIntegerField(default=0, verbose_name="worker crashes"),
                ),
                migrations.AlterField(
                    model_name="copy",
                    name="due_at",
                    field=models.DateTimeField(verbose_name="next run"),
                ),
                migrations.AlterField(
                    model_name="copy",
                    name="finished_at",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="finished"),
                ),
                migrations.AlterField(
                    model_name="copy",
                    name="last_error",
                    field=models.CharField(blank=True, max_length=200, verbose_name="last error"),
                ),
                migrations.AlterField(
                    model_name="copy",
                    name="lease",
                    field=models.UUIDField(blank=True, null=True, verbose_name="lease"),
                ),
                migrations.AlterField(
                    model_name="copy",
                    name="leased_until",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="leased until"),
                ),
                migrations.AlterField(
                    model_name="copy",
                    name="links_until",
                    field=models.DateTimeField(
                        blank=True, null=True, verbose_name="available until"
                    ),
                ),
                migrations.AlterField(
                    model_name="copy",
                    name="original_reference",
                    field=models.CharField(
                        blank=True, max_length=200, verbose_name="platform's file reference"
                    ),
                ),
                migrations.AlterField(
                    model_name="copy",
                    name="state",
                    field=models.CharField(
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
                migrations.AlterField(
                    model_name="copy",
                    name="test",
                    field=models.BooleanField(
                        db_default=False, default=False, verbose_name="test data"
                    ),
                ),
                migrations.AlterField(
                    model_name="copy",
                    name="tries",
                    field=models.PositiveIntegerField(default=0, verbose_name="tries"),
                ),
                migrations.AlterField(
                    model_name="copylink",
                    name="of",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="links",
                        to="downloads.copy",
                        verbose_name="resume copy",
                    ),
                ),
                migrations.AlterField(
                    model_name="eraseorder",
                    name="answer",
                    field=models.CharField(
                        blank=True,
                        choices=[("erased", "erased"), ("kept", "kept for a reason")],
                        max_length=10,
                        verbose_name="answer",
                    ),
                ),
                migrations.AlterField(
                    model_name="gatedecision",
                    name="case_state",
                    field=models.CharField(
                        blank=True, db_default="", max_length=30, verbose_name="case state"
                    ),
                ),
                migrations.AlterField(
                    model_name="gatedecision",
                    name="case_version",
                    field=models.PositiveIntegerField(null=True, verbose_name="case version"),
                ),
                migrations.AlterField(
                    model_name="gatedecision",
                    name="ladder_version",
                    field=models.CharField(max_length=40, verbose_name="ladder version"),
                ),
                migrations.AlterField(
                    model_name="gatedecision",
                    name="test",
                    field=models.BooleanField(
                        db_default=False, default=False, verbose_name="test data"
                    ),
                ),
                migrations.AlterField(
                    model_name="gatedecision",
                    name="used_day",
                    field=models.PositiveIntegerField(null=True, verbose_name="daily quota used"),
                ),
                migrations.AlterField(
                    model_name="gatedecision",
                    name="used_hour",
                    field=models.PositiveIntegerField(null=True, verbose_name="hourly quota used"),
                ),
                migrations.AlterField(
                    model_name="misusereport",
                    name="about",
                    field=models.CharField(
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
                migrations.AlterField(
                    model_name="misusereport",
                    name="outcome",
                    field=models.CharField(
                        blank=True, max_length=500, verbose_name="result of the review"
                    ),
                ),
                migrations.AlterField(
                    model_name="misusereport",
                    name="said",
                    field=models.TextField(
                        blank=True, max_length=1000, verbose_name="candidate's own words"
                    ),
                ),
                migrations.AlterField(
                    model_name="misusereport",
                    name="settled_at",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="reviewed on"),
                ),
                migrations.AlterField(
                    model_name="moveappeal",
                    name="at",
                    field=models.DateTimeField(verbose_name="appealed"),
                ),
                migrations.AlterField(
                    model_name="moveappeal",
                    name="by",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="appealed by",
                    ),
                ),
                migrations.AlterField(
                    model_name="moveappeal",
                    name="due_at",
                    field=models.DateTimeField(verbose_name="answer due"),
                ),
                migrations.AlterField(
                    model_name="moveappeal",
                    name="move",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="events.event",
                        verbose_name="restriction",
                    ),
                ),
                migrations.AlterField(
                    model_name="moveappeal",
                    name="outcome",
                    field=models.CharField(
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
                migrations.AlterField(
                    model_name="moveappeal",
                    name="text",
                    field=models.TextField(max_length=4000, verbose_name="employer's statement"),
                ),
                migrations.AlterField(
                    model_name="relaybinding",
                    name="asked_at",
                    field=models.DateTimeField(
                        blank=True, null=True, verbose_name="contact requested"
                    ),
                ),
                migrations.AlterField(
                    model_name="relaybinding",
                    name="bound_at",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="assigned"),
                ),
                migrations.AlterField(
                    model_name="relaybinding",
                    name="deaths",
                    field=models.PositiveIntegerField(default=0, verbose_name="worker crashes"),
                ),
                migrations.AlterField(
                    model_name="relaybinding",
                    name="due_at",
                    field=models.DateTimeField(verbose_name="next run"),
                ),
                migrations.AlterField(
                    model_name="relaybinding",
                    name="finished_at",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="finished"),
                ),
                migrations.AlterField(
                    model_name="relaybinding",
                    name="last_error",
                    field=models.CharField(blank=True, max_length=200, verbose_name="last error"),
                ),
                migrations.AlterField(
                    model_name="relaybinding",
                    name="lease",
                    field=models.UUIDField(blank=True, null=True, verbose_name="lease"),
                ),
                migrations.AlterField(
                    model_name="relaybinding",
                    name="leased_until",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="leased until"),
                ),
                migrations.AlterField(
                    model_name="relaybinding",
                    name="none_free_at",
                    field=models.DateTimeField(
                        blank=True, null=True, verbose_name="no free number at"
                    ),
                ),
                migrations.AlterField(
                    model_name="relaybinding",
                    name="state",
                    field=models.CharField(
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
                migrations.AlterField(
                    model_name="relaybinding",
                    name="team",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bindings",
                        to="downloads.relayteam",
                        verbose_name="caller team",
                    ),
                ),
                migrations.AlterField(
                    model_name="relaybinding",
                    name="test",
                    field=models.BooleanField(
                        db_default=False, default=False, verbose_name="test data"
                    ),
                ),
                migrations.AlterField(
                    model_name="relaybinding",
                    name="tries",
                    field=models.PositiveIntegerField(default=0, verbose_name="tries"),
                ),
                migrations.AlterField(
                    model_name="relaycall",
                    name="outcome",
                    field=models.CharField(
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
                migrations.AlterField(
                    model_name="relaycall",
                    name="test",
                    field=models.BooleanField(
                        db_default=False, default=False, verbose_name="test data"
                    ),
                ),
                migrations.AlterField(
                    model_name="relayteam",
                    name="deaths",
                    field=models.PositiveIntegerField(default=0, verbose_name="worker crashes"),
                ),
                migrations.AlterField(
                    model_name="relayteam",
                    name="due_at",
                    field=models.DateTimeField(verbose_name="next run"),
                ),
                migrations.AlterField(
                    model_name="relayteam",
                    name="finished_at",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="finished"),
                ),
                migrations.AlterField(
                    model_name="relayteam",
                    name="last_error",
                    field=models.CharField(blank=True, max_length=200, verbose_name="last error"),
                ),
                migrations.AlterField(
                    model_name="relayteam",
                    name="lease",
                    field=models.UUIDField(blank=True, null=True, verbose_name="lease"),
                ),
                migrations.AlterField(
                    model_name="relayteam",
                    name="leased_until",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="leased until"),
                ),
                migrations.AlterField(
                    model_name="relayteam",
                    name="tries",
                    field=models.PositiveIntegerField(default=0, verbose_name="tries"),
                ),
                migrations.AlterField(
                    model_name="release",
                    name="contact",
                    field=models.CharField(max_length=254, verbose_name="receiver's contact"),
                ),
                migrations.AlterField(
                    model_name="release",
                    name="key_id",
                    field=models.CharField(
                        db_default="", default="", max_length=16, verbose_name="receipt key"
                    ),
                ),
                migrations.AlterField(
                    model_name="release",
                    name="test",
                    field=models.BooleanField(
                        db_default=False, default=False, verbose_name="test data"
                    ),
                ),
                migrations.AlterField(
                    model_name="standing",
                    name="earlier_tier",
                    field=models.CharField(
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
                migrations.AlterField(
                    model_name="standing",
                    name="earlier_until",
                    field=models.DateTimeField(
                        blank=True, null=True, verbose_name="previous end date"
                    ),
                ),
                migrations.AlterField(
                    model_name="standing",
                    name="moved_at",
                    field=models.DateTimeField(verbose_name="tier changed"),
                ),
                migrations.AlterField(
                    model_name="trace",
                    name="asked_at",
                    field=models.DateTimeField(verbose_name="trace requested"),
                ),
                migrations.AlterField(
                    model_name="trace",
                    name="asked_by",
                    field=models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="requested by",
                    ),
                ),
                migrations.AlterField(
                    model_name="trace",
                    name="deaths",
                    field=models.PositiveIntegerField(default=0, verbose_name="worker crashes"),
                ),
                migrations.AlterField(
                    model_name="trace",
                    name="due_at",
                    field=models.DateTimeField(verbose_name="next run"),
                ),
                migrations.AlterField(
                    model_name="trace",
                    name="finished_at",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="finished"),
                ),
                migrations.AlterField(
                    model_name="trace",
                    name="last_error",
                    field=models.CharField(blank=True, max_length=200, verbose_name="last error"),
                ),
                migrations.AlterField(
                    model_name="trace",
                    name="lease",
                    field=models.UUIDField(blank=True, null=True, verbose_name="lease"),
                ),
                migrations.AlterField(
                    model_name="trace",
                    name="leased_until",
                    field=models.DateTimeField(blank=True, null=True, verbose_name="leased until"),
                ),
                migrations.AlterField(
                    model_name="trace",
                    name="resumes",
                    field=models.PositiveIntegerField(default=0, verbose_name="resumes compared"),
                ),
                migrations.AlterField(
                    model_name="trace",
                    name="sha256",
                    field=models.CharField(
                        blank=True, max_length=64, verbose_name="SHA-256 of the leaked file"
                    ),
                ),
                migrations.AlterField(
                    model_name="trace",
                    name="test",
                    field=models.BooleanField(
                        db_default=False, default=False, verbose_name="test data"
                    ),
                ),
                migrations.AlterField(
                    model_name="trace",
                    name="tries",
                    field=models.PositiveIntegerField(default=0, verbose_name="tries"),
                ),
            ]
        )
    ]
