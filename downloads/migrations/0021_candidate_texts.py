"""Candidates' mobile numbers, the text messages to them, and the short links in these."""

import django.db.models.deletion
from django.db import migrations, models

from events.db.locking import quickly


class Migration(migrations.Migration):
    dependencies = [("downloads", "0020_links_of_those_asked_before")]

    operations = [
        quickly(),
        migrations.AddField(
            model_name="candidate",
            name="phone_sealed",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.CreateModel(
            name="ShortLink",
            fields=[
                ("code_hash", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("link_version", models.PositiveIntegerField()),
                ("made_at", models.DateTimeField(db_index=True)),
                (
                    "candidate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="short_links",
                        to="downloads.candidate",
                        verbose_name="candidate",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CandidateText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("due_at", models.DateTimeField(verbose_name="next run")),
                ("lease", models.UUIDField(blank=True, null=True, verbose_name="lease")),
                (
                    "leased_until",
                    models.DateTimeField(blank=True, null=True, verbose_name="leased until"),
                ),
                ("tries", models.PositiveIntegerField(default=0, verbose_name="tries")),
                ("deaths", models.PositiveIntegerField(default=0, verbose_name="worker crashes")),
                (
                    "finished_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="finished"),
                ),
                (
                    "last_error",
                    models.CharField(blank=True, max_length=200, verbose_name="last error"),
                ),
                ("client_id", models.UUIDField(verbose_name="platform")),
                ("queued_at", models.DateTimeField(verbose_name="queued")),
                ("sms_id", models.UUIDField(null=True)),
                ("shown", models.TextField(blank=True, default="")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("sent", "sent out"),
                            ("delivered", "delivered"),
                            ("failed", "could not be delivered"),
                            ("dropped", "no longer needed"),
                        ],
                        default="",
                        max_length=10,
                        verbose_name="outcome",
                    ),
                ),
                (
                    "binding",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="text",
                        to="downloads.relaybinding",
                    ),
                ),
                (
                    "candidate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="texts",
                        to="downloads.candidate",
                        verbose_name="candidate",
                    ),
                ),
                (
                    "release",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="text",
                        to="downloads.release",
                    ),
                ),
                (
                    "request",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="text",
                        to="downloads.consentrequest",
                    ),
                ),
            ],
            options={
                "verbose_name": "text to a candidate",
                "verbose_name_plural": "texts to candidates",
                "indexes": [
                    models.Index(
                        condition=models.Q(("finished_at", None)),
                        fields=["due_at"],
                        name="candidate_text_due",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("binding", None), ("release__isnull", False), ("request", None)
                            ),
                            models.Q(
                                ("binding", None), ("release", None), ("request__isnull", False)
                            ),
                            models.Q(
                                ("binding__isnull", False), ("release", None), ("request", None)
                            ),
                            _connector="OR",
                        ),
                        name="candidate_text_is_about_one",
                    )
                ],
            },
        ),
        migrations.AlterField(
            model_name="consentrequest",
            name="asked_at",
            field=models.DateTimeField(verbose_name="requested on"),
        ),
    ]
