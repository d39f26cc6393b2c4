"""Stops of all releases, as proposed by one person and confirmed by another."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from events.db.locking import quickly


class Migration(migrations.Migration):
    dependencies = [
        ("downloads", "0017_guards"),
        ("employers", "0013_invitations"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        quickly(),
        migrations.CreateModel(
            name="ReleaseStop",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("why", models.TextField(max_length=2000, verbose_name="why")),
                ("proposed_at", models.DateTimeField(verbose_name="proposed")),
                ("settled_at", models.DateTimeField(blank=True, null=True, verbose_name="settled")),
                (
                    "act",
                    models.CharField(
                        choices=[
                            ("stop", "Stop all downloads"),
                            ("resume", "Allow downloads again"),
                        ],
                        max_length=10,
                        verbose_name="action",
                    ),
                ),
                (
                    "confirmed",
                    models.BooleanField(db_default=False, default=False, verbose_name="confirmed"),
                ),
                (
                    "in_force",
                    models.BooleanField(db_default=False, default=False, verbose_name="in force"),
                ),
                (
                    "client",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="employers.apiclient",
                        verbose_name="platform",
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="proposed by",
                    ),
                ),
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
            ],
            options={
                "verbose_name": "download stop",
                "verbose_name_plural": "download stops",
                "indexes": [
                    models.Index(
                        condition=models.Q(("in_force", True)),
                        fields=["client"],
                        name="release_stop_in_force",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("confirmed", False),
                            models.Q(("settled_by", models.F("proposed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="release_stop_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("in_force", False),
                            models.Q(("act", "stop"), ("confirmed", True)),
                            _connector="OR",
                        ),
                        name="release_stop_confirmed",
                    ),
                ],
            },
        ),
    ]
