"""Invitations as rows, unconfirmed addresses that are not unique, and limits of API keys.

Keys that could create onboarding links keep doing so: they get the scope that this now takes.
"""

import uuid
from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

from events.db.locking import quickly


def keep_links(apps: Any, schema_editor: Any) -> None:
    for key in apps.get_model("employers", "ApiKey").objects.all():
        if "employers:write" in key.scopes and "onboarding:make" not in key.scopes:
            key.scopes = [*key.scopes, "onboarding:make"]
            key.save(update_fields=["scopes"])


class Migration(migrations.Migration):
    dependencies = [("employers", "0012_addresses_held")]
    operations = [
        quickly(),
        migrations.AlterField(
            model_name="user",
            name="email",
            field=models.EmailField(max_length=254, verbose_name="email"),
        ),
        migrations.AddField(
            model_name="apikey",
            name="allowed_networks",
            field=models.TextField(
                blank=True, db_default="", default="", verbose_name="allowed addresses"
            ),
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("email", models.EmailField(max_length=254, verbose_name="email")),
                ("sent_at", models.DateTimeField(verbose_name="sent")),
                ("expires_at", models.DateTimeField(verbose_name="valid until")),
                (
                    "accepted_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="accepted"),
                ),
                (
                    "withdrawn_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="cancelled"),
                ),
                (
                    "employer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invitations",
                        to="employers.employer",
                        verbose_name="employer",
                    ),
                ),
                (
                    "inviter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="employers.member",
                        verbose_name="invited by",
                    ),
                ),
            ],
            options={
                "verbose_name": "invitation",
                "verbose_name_plural": "invitations",
                "indexes": [models.Index(fields=["expires_at"], name="invitation_end")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(("accepted_at", None), ("withdrawn_at", None)),
                        fields=("employer", "email"),
                        name="invitation_open_once",
                    )
                ],
            },
        ),
        migrations.RunPython(keep_links, migrations.RunPython.noop),
    ]
