"""Stored responses to repeated requests, onboarding links, and return addresses."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("employers", "0005_platforms")]

    operations = [
        migrations.AddField(
            model_name="apiclient",
            name="return_urls",
            field=models.TextField(
                blank=True, db_default="", default="", verbose_name="return addresses"
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="last_used_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="last used"),
        ),
        migrations.CreateModel(
            name="OnboardingLink",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[("verify", "Verify"), ("renew", "Renew"), ("appeal", "Appeal")],
                        max_length=10,
                    ),
                ),
                ("return_url", models.CharField(max_length=500)),
                ("language", models.CharField(max_length=10)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="employers.apiclient",
                        verbose_name="platform",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="employers.member",
                        verbose_name="recruiter",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="IdempotentAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=64)),
                ("asked_index", models.CharField(max_length=64)),
                ("claim", models.UUIDField()),
                ("claimed_until", models.DateTimeField()),
                ("answer_sealed", models.TextField(blank=True, default="")),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(db_index=True)),
                (
                    "client",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="employers.apiclient",
                        verbose_name="platform",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("client", "key"), name="idempotent_answer_once")
                ]
            },
        ),
    ]
