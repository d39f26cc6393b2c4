"""What owners say against their place on the ladder. A table of its own: no row of another is read or written.

Its foreign keys lock the tables that they refer to for a moment. Where that does not come soon, the migration gives up and can be run
again, instead of letting everybody wait behind it.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from events.db.locking import quickly


class Migration(migrations.Migration):
    dependencies = [
        ("downloads", "0008_refused_passes_by_answer"),
        ("employers", "0006_api_manners"),
        ("events", "0003_webhooks"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        quickly(),
        migrations.CreateModel(
            name="MoveAppeal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField(max_length=4000, verbose_name="what the employer says")),
                ("at", models.DateTimeField(verbose_name="said")),
                ("due_at", models.DateTimeField(verbose_name="to be answered by")),
                (
                    "answered_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="answered"),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("lifted", "restriction lifted"),
                            ("kept", "kept"),
                            ("overtaken", "overtaken"),
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
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="said by",
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
                        verbose_name="against what",
                    ),
                ),
            ],
            options={
                "verbose_name": "appeal against a restriction",
                "verbose_name_plural": "appeals against restrictions",
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
                            models.Q(("answered_at", None), ("answered_by", None), ("outcome", "")),
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
    ]
