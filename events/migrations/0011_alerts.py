"""Alerts to staff. Auditors may view them, and operators also operate their channels.

Running this again adds what is missing and removes nothing.
"""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from events.db.groups import Permission, grant_permissions, view_permission

LOOK = [
    view_permission("events", "alertchannel", "alert channel"),
    view_permission("events", "alertmessage", "alert message"),
]
OPERATE = Permission(
    "events", "alertchannel", "operate_alertchannel", "Can create, change and test alert channels"
)


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0010_sms"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.CreateModel(
            name="AlertChannel",
            fields=[
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
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("dingtalk", "DingTalk"),
                            ("wecom", "WeCom"),
                            ("feishu", "Feishu"),
                            ("lark", "Lark"),
                            ("slack", "Slack"),
                            ("mail", "Email"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("language", models.CharField(max_length=10, verbose_name="language")),
                ("address_sealed", models.TextField()),
                ("address_hint", models.CharField(max_length=100, verbose_name="address")),
                ("secret_sealed", models.TextField(blank=True)),
                ("kinds", models.JSONField(default=list, verbose_name="alerts")),
                ("active", models.BooleanField(default=True, verbose_name="switched on")),
                ("created_at", models.DateTimeField(verbose_name="created")),
                (
                    "failures",
                    models.PositiveIntegerField(default=0, verbose_name="failures in a row"),
                ),
                (
                    "failing_since",
                    models.DateTimeField(blank=True, null=True, verbose_name="failing since"),
                ),
                ("failing_told_at", models.DateTimeField(blank=True, null=True)),
                (
                    "last_success_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="last success"),
                ),
                ("stopped_at", models.DateTimeField(blank=True, null=True, verbose_name="stopped")),
                (
                    "answer",
                    models.CharField(blank=True, max_length=200, verbose_name="last answer"),
                ),
            ],
            options={
                "verbose_name": "alert channel",
                "verbose_name_plural": "alert channels",
                "permissions": [
                    ("operate_alertchannel", "Can create, change and test alert channels")
                ],
            },
        ),
        migrations.CreateModel(
            name="Alert",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("sla_soon", "A case is due within an hour"),
                            ("sla_late", "A case is late"),
                            ("queue_long", "The queue is long"),
                            ("provider_down", "A service does not answer"),
                            ("work_late", "Work is delayed"),
                            ("webhook_failing", "A platform's webhook fails"),
                            ("canary", "A canary was called"),
                            ("leak", "A leak was traced"),
                            ("digest", "The morning digest"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("key", models.CharField(max_length=60, verbose_name="about")),
                ("params", models.JSONField(default=dict, verbose_name="details")),
                ("since", models.DateTimeField(verbose_name="since")),
                ("told_at", models.DateTimeField(verbose_name="last sent")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
            ],
            options={
                "verbose_name": "alert",
                "verbose_name_plural": "alerts",
                "indexes": [
                    models.Index(
                        condition=models.Q(("ended_at", None)),
                        fields=["kind"],
                        name="alert_lasting",
                    ),
                    models.Index(fields=["told_at"], name="alert_told"),
                ],
                "constraints": [models.UniqueConstraint(fields=("kind", "key"), name="alert_once")],
            },
        ),
        migrations.CreateModel(
            name="AlertMessage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("sla_soon", "A case is due within an hour"),
                            ("sla_late", "A case is late"),
                            ("queue_long", "The queue is long"),
                            ("provider_down", "A service does not answer"),
                            ("work_late", "Work is delayed"),
                            ("webhook_failing", "A platform's webhook fails"),
                            ("canary", "A canary was called"),
                            ("leak", "A leak was traced"),
                            ("digest", "The morning digest"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                (
                    "said",
                    models.CharField(
                        choices=[
                            ("raised", "has begun"),
                            ("still", "continues"),
                            ("ended", "has ended"),
                        ],
                        max_length=10,
                        verbose_name="stage",
                    ),
                ),
                ("params", models.JSONField(default=dict, verbose_name="details")),
                ("path", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField(verbose_name="created")),
                (
                    "finished_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="finished"),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("sent", "sent out"), ("dead", "given up")],
                        max_length=10,
                        verbose_name="outcome",
                    ),
                ),
                ("answer", models.CharField(blank=True, max_length=200, verbose_name="answer")),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="messages",
                        to="events.alertchannel",
                        verbose_name="alert channel",
                    ),
                ),
            ],
            options={
                "verbose_name": "alert message",
                "verbose_name_plural": "alert messages",
                "indexes": [
                    models.Index(
                        condition=models.Q(("finished_at", None)),
                        fields=["channel", "id"],
                        name="alert_waiting",
                    ),
                    models.Index(fields=["finished_at"], name="alert_finished"),
                ],
            },
        ),
        grant_permissions({"Auditors": LOOK, "Operators": [*LOOK, OPERATE]}),
    ]
