"""Keys become rows of their own, so that they can be rotated; employers get the platform that
created them.

No row of a table that may be large is rewritten or read: new columns are empty or have a constant
default. Locks are held for a moment. If a lock is not available soon, the migration gives up and
can be run again, instead of blocking everyone behind it. Indexes on large tables follow in 0008.
"""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from events.db.locking import quickly


def copy_keys(apps, schema_editor):
    """Copy each platform's key to a row. The old columns stay for the version that runs beside this
    one.
    """
    ApiClient, ApiKey = (
        apps.get_model("employers", "ApiClient"),
        apps.get_model("employers", "ApiKey"),
    )
    for client in ApiClient.objects.exclude(key_hash=None):
        ApiKey.objects.get_or_create(
            key_hash=client.key_hash,
            defaults={
                "client": client,
                "key_start": client.key_start,
                "scopes": client.scopes,
                "created_at": client.created_at,
                "revoked_at": client.revoked_at,
            },
        )


class Migration(migrations.Migration):
    dependencies = [("employers", "0004_made_for")]

    operations = [
        quickly(),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "key_hash",
                    models.CharField(max_length=64, unique=True, verbose_name="key, hashed"),
                ),
                ("key_start", models.CharField(max_length=12, verbose_name="key begins with")),
                ("scopes", models.JSONField(default=list, verbose_name="scopes")),
                ("created_at", models.DateTimeField(verbose_name="created")),
                (
                    "expires_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="valid until"),
                ),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="revoked")),
            ],
            options={"verbose_name": "platform key", "verbose_name_plural": "platform keys"},
        ),
        migrations.AlterModelOptions(
            name="apiclient",
            options={"verbose_name": "platform", "verbose_name_plural": "platforms"},
        ),
        migrations.AddField(
            model_name="apiclient",
            name="test",
            field=models.BooleanField(db_default=False, default=False, verbose_name="for tests"),
        ),
        migrations.AddField(
            model_name="apiclient",
            name="clock_seconds",
            field=models.BigIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddConstraint(
            model_name="apiclient",
            constraint=models.CheckConstraint(
                condition=models.Q(("test", True), ("clock_seconds", 0), _connector="OR"),
                name="client_clock_is_right",
            ),
        ),
        migrations.AddField(
            model_name="employer",
            name="platform",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="employers",
                to="employers.apiclient",
                verbose_name="platform",
            ),
        ),
        migrations.AddField(
            model_name="employer",
            name="reference",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                max_length=64,
                verbose_name="platform's reference",
            ),
        ),
        migrations.AddField(
            model_name="employer",
            name="test",
            field=models.BooleanField(db_default=False, default=False, verbose_name="of a test"),
        ),
        migrations.AddField(
            model_name="member",
            name="reference",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                max_length=64,
                verbose_name="platform's reference",
            ),
        ),
        migrations.AlterField(
            model_name="apiclient",
            name="key_hash",
            field=models.CharField(editable=False, max_length=64, null=True, unique=True),
        ),
        migrations.AlterField(
            model_name="apiclient",
            name="key_start",
            field=models.CharField(blank=True, db_default="", editable=False, max_length=12),
        ),
        migrations.AlterField(
            model_name="apiclient",
            name="scopes",
            field=models.JSONField(default=list, editable=False),
        ),
        migrations.AddField(
            model_name="apikey",
            name="client",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="keys",
                to="employers.apiclient",
                verbose_name="platform",
            ),
        ),
        migrations.RunPython(copy_keys, migrations.RunPython.noop, elidable=True),
    ]
