"""Links of members with platforms. `downloads.0020_links_of_those_asked_before` fills the table."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from events.db.locking import quickly


def key(**more: object) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, **more)


class Migration(migrations.Migration):
    dependencies = [("employers", "0014_accounts")]
    operations = [
        quickly(),
        migrations.CreateModel(
            name="MemberLink",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("recruiter", "linked by the recruiter"),
                            ("asked_before", "used before links were required"),
                        ],
                        max_length=20,
                        verbose_name="how it was linked",
                    ),
                ),
                ("linked_at", models.DateTimeField(verbose_name="linked")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                (
                    "first_asked_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="first asked about"),
                ),
                ("code_hash", models.CharField(blank=True, editable=False, max_length=64)),
                ("code_until", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "client",
                    key(related_name="+", to="employers.apiclient", verbose_name="platform"),
                ),
                (
                    "employer",
                    key(related_name="links", to="employers.employer", verbose_name="employer"),
                ),
                (
                    "member",
                    key(
                        db_index=False,
                        related_name="links",
                        to="employers.member",
                        verbose_name="recruiter",
                    ),
                ),
            ],
            options={
                "verbose_name": "linked recruiter",
                "verbose_name_plural": "linked recruiters",
                "indexes": [
                    models.Index(
                        condition=models.Q(("ended_at", None)),
                        fields=["employer", "client"],
                        name="link_in_force",
                    ),
                    models.Index(
                        condition=models.Q(("ended_at", None), ("first_asked_at", None)),
                        fields=["linked_at"],
                        name="link_not_asked",
                    ),
                    models.Index(
                        condition=models.Q(("code_hash", ""), _negated=True),
                        fields=["code_hash"],
                        name="link_code",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("member", "client"),
                        name="link_once",
                    )
                ],
            },
        ),
    ]
