"""The tables of events, mails and webhooks, the triggers that make the database refuse to change or
remove events, and the groups for webhooks.
"""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from events.db.dialect import POSTGRESQL, dialect_of
from events.db.groups import Permission, grant_permissions, view_permission
from events.db.tables import CreateModels

APPEND_ONLY = [
    f"""
    CREATE TRIGGER events_event_no_{verb.lower()} BEFORE {verb} ON events_event
    BEGIN SELECT RAISE(ABORT, 'events_event is append-only'); END
    """
    for verb in ("UPDATE", "DELETE")
]
APPEND_ONLY_ON_POSTGRESQL = [
    """
    CREATE FUNCTION events_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'events_event is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$
    """,
    """
    CREATE TRIGGER events_event_append_only BEFORE UPDATE OR DELETE ON events_event
    FOR EACH ROW EXECUTE FUNCTION events_event_append_only()
    """,
]
LOOK = [
    view_permission("events", "platformevent", "feed row"),
    view_permission("events", "webhookendpoint", "webhook endpoint"),
    view_permission("events", "webhookdelivery", "webhook delivery"),
    view_permission("events", "webhookattempt", "attempt"),
]
PLATFORMS = view_permission("employers", "apiclient", "platform key")
OPERATE = Permission(
    "events", "webhookendpoint", "operate_webhookendpoint", "Can pause, resume and replay webhooks"
)


def add_triggers(apps, schema_editor):
    there = dialect_of(schema_editor.connection) is POSTGRESQL
    for statement in APPEND_ONLY_ON_POSTGRESQL if there else APPEND_ONLY:
        schema_editor.execute(statement)


def remove_function(apps, schema_editor):
    """On PostgreSQL, the trigger goes with its function. On SQLite, both go with their table."""
    if dialect_of(schema_editor.connection) is POSTGRESQL:
        schema_editor.execute("DROP FUNCTION events_event_append_only() CASCADE")


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("events", "0001_initial"),
        ("events", "0002_append_only"),
        ("events", "0003_webhooks"),
        ("events", "0004_webhook_operators"),
        ("events", "0005_labels"),
    ]
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [
        CreateModels(
            operations=[
                migrations.CreateModel(
                    name="Event",
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
                        ("at", models.DateTimeField(db_index=True, verbose_name="when")),
                        ("verb", models.CharField(max_length=40, verbose_name="what happened")),
                        (
                            "subject_type",
                            models.CharField(max_length=40, verbose_name="kind of subject"),
                        ),
                        ("subject_id", models.CharField(max_length=40, verbose_name="subject")),
                        (
                            "employer_id",
                            models.UUIDField(blank=True, null=True, verbose_name="employer"),
                        ),
                        (
                            "from_state",
                            models.CharField(blank=True, max_length=30, verbose_name="from"),
                        ),
                        (
                            "to_state",
                            models.CharField(blank=True, max_length=30, verbose_name="to"),
                        ),
                        ("role", models.CharField(max_length=20, verbose_name="role")),
                        (
                            "actor_id",
                            models.CharField(blank=True, max_length=40, verbose_name="by"),
                        ),
                        ("reasons", models.JSONField(default=list, verbose_name="reasons")),
                        (
                            "policy_version",
                            models.CharField(
                                blank=True, max_length=40, verbose_name="policy version"
                            ),
                        ),
                        ("data", models.JSONField(default=dict, verbose_name="details")),
                    ],
                    options={
                        "verbose_name": "event",
                        "verbose_name_plural": "events",
                        "indexes": [
                            models.Index(
                                fields=["subject_type", "subject_id", "id"], name="event_subject"
                            ),
                            models.Index(fields=["employer_id", "id"], name="event_employer"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Feed",
                    fields=[
                        ("client_id", models.UUIDField(primary_key=True, serialize=False)),
                        ("last_sequence", models.BigIntegerField(db_default=0, default=0)),
                    ],
                ),
                migrations.CreateModel(
                    name="Mail",
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
                        ("to", models.CharField(blank=True, max_length=254)),
                        ("template", models.CharField(max_length=60)),
                        ("language", models.CharField(max_length=10)),
                        ("context", models.JSONField(default=dict)),
                        ("created_at", models.DateTimeField()),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("finished_at", None)),
                                fields=["due_at"],
                                name="mail_due",
                            )
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="WebhookEndpoint",
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
                        ("client_id", models.UUIDField(db_index=True, verbose_name="platform")),
                        ("url", models.CharField(max_length=500, verbose_name="address")),
                        (
                            "description",
                            models.CharField(
                                blank=True, max_length=200, verbose_name="description"
                            ),
                        ),
                        ("types", models.JSONField(default=list, verbose_name="types")),
                        ("secret_sealed", models.TextField(blank=True)),
                        ("former_secret_sealed", models.TextField(blank=True)),
                        ("former_secret_until", models.DateTimeField(blank=True, null=True)),
                        ("created_at", models.DateTimeField(verbose_name="created")),
                        (
                            "paused_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="paused"),
                        ),
                        (
                            "paused_why",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("asked", "requested by the platform"),
                                    ("gone", "answered 410 Gone"),
                                    ("failing", "only failures for days"),
                                ],
                                max_length=10,
                                verbose_name="why paused",
                            ),
                        ),
                        (
                            "failures",
                            models.PositiveIntegerField(
                                default=0, verbose_name="failures in a row"
                            ),
                        ),
                        (
                            "failing_since",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="failing since"
                            ),
                        ),
                        (
                            "last_success_at",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="last success"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "webhook endpoint",
                        "verbose_name_plural": "webhook endpoints",
                        "permissions": [
                            ("operate_webhookendpoint", "Can pause, resume and replay webhooks")
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("paused_at", None), ("paused_why", "")),
                                    models.Q(
                                        ("paused_at__isnull", False),
                                        models.Q(("paused_why", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="webhook_paused_why",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Outgoing",
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
                            "event",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="events.event",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="PlatformEvent",
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
                        ("sequence", models.BigIntegerField(verbose_name="sequence")),
                        (
                            "event",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="events.event",
                                verbose_name="event",
                            ),
                        ),
                        ("type", models.CharField(max_length=60, verbose_name="type")),
                        ("at", models.DateTimeField(verbose_name="when")),
                        ("told_at", models.DateTimeField(verbose_name="added to the feed")),
                        ("payload", models.JSONField(verbose_name="details")),
                    ],
                    options={
                        "verbose_name": "feed row",
                        "verbose_name_plural": "feed rows",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("client_id", "sequence"),
                                name="platform_event_sequence_once",
                            ),
                            models.UniqueConstraint(
                                fields=("client_id", "event"), name="platform_event_once"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="WebhookDelivery",
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
                            "endpoint",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="deliveries",
                                to="events.webhookendpoint",
                                verbose_name="webhook endpoint",
                            ),
                        ),
                        (
                            "told",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="events.platformevent",
                                verbose_name="feed row",
                            ),
                        ),
                        ("created_at", models.DateTimeField(verbose_name="created")),
                        (
                            "outcome",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("delivered", "delivered"),
                                    ("dead", "given up"),
                                    ("cancelled", "endpoint deleted"),
                                ],
                                max_length=10,
                                verbose_name="outcome",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "webhook delivery",
                        "verbose_name_plural": "webhook deliveries",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("finished_at", None)),
                                fields=["endpoint", "due_at"],
                                name="webhook_delivery_due",
                            ),
                            models.Index(
                                condition=models.Q(("outcome", "dead")),
                                fields=["endpoint", "id"],
                                name="webhook_delivery_dead",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("endpoint", "told"), name="webhook_delivery_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="WebhookAttempt",
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
                            "delivery",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="attempts",
                                to="events.webhookdelivery",
                                verbose_name="webhook delivery",
                            ),
                        ),
                        ("at", models.DateTimeField(verbose_name="when")),
                        (
                            "status",
                            models.PositiveSmallIntegerField(
                                blank=True, null=True, verbose_name="status"
                            ),
                        ),
                        (
                            "error",
                            models.CharField(blank=True, max_length=40, verbose_name="error"),
                        ),
                        ("milliseconds", models.PositiveIntegerField(verbose_name="milliseconds")),
                        (
                            "response_start",
                            models.CharField(
                                blank=True, max_length=500, verbose_name="start of the response"
                            ),
                        ),
                    ],
                    options={"verbose_name": "attempt", "verbose_name_plural": "attempts"},
                ),
            ]
        ),
        migrations.RunPython(add_triggers, remove_function),
        grant_permissions({"Auditors": LOOK, "Operators": [*LOOK, PLATFORMS, OPERATE]}),
    ]
