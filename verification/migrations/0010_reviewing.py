"""What reviewers rule, type and tell each other, and where a case stands in their queue. All of it new, or with a constant default:
no row is rewritten. Indexes on tables that may be large follow in the next migration."""

import uuid

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("employers", "0002_decision"),
        ("verification", "0009_registry_domain"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Bulk",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("verb", models.CharField(max_length=30)),
                ("reasons", models.JSONField(default=list)),
                ("note", models.TextField(blank=True)),
                ("proposed_at", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                ("dropped_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "decision for several cases",
                "verbose_name_plural": "decisions for several cases",
            },
        ),
        migrations.CreateModel(
            name="BulkItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("case_version", models.PositiveIntegerField()),
                ("refusal", models.CharField(blank=True, max_length=60)),
            ],
        ),
        migrations.CreateModel(
            name="CaseNote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("hold", "Hold"),
                            ("escalate", "Escalate"),
                            ("assign", "Assign"),
                            ("returned", "Returned"),
                        ],
                        max_length=10,
                    ),
                ),
                ("text", models.TextField(blank=True)),
            ],
            options={"ordering": ["-id"]},
        ),
        migrations.CreateModel(
            name="CaseReason",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=60)),
            ],
        ),
        migrations.CreateModel(
            name="GoldenCase",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("right_verb", models.CharField(max_length=30)),
                ("right_reasons", models.JSONField(default=list)),
                ("made_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="GoldenTurn",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("given_at", models.DateTimeField()),
                ("verb", models.CharField(blank=True, max_length=30)),
                ("reasons", models.JSONField(default=list)),
                ("right", models.BooleanField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Presence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("seen_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ReviewDraft",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("verb", models.CharField(blank=True, max_length=30)),
                ("reasons", models.JSONField(default=list)),
                ("about", models.JSONField(default=dict)),
                ("note", models.TextField(blank=True)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Ruling",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("due_at", models.DateTimeField()),
                ("lease", models.UUIDField(blank=True, null=True)),
                ("leased_until", models.DateTimeField(blank=True, null=True)),
                ("tries", models.PositiveIntegerField(default=0)),
                ("deaths", models.PositiveIntegerField(default=0)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("last_error", models.CharField(blank=True, max_length=200)),
                ("attempt_number", models.PositiveIntegerField()),
                ("case_version", models.PositiveIntegerField()),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("first", "First"),
                            ("second", "Second"),
                            ("third", "Third"),
                            ("bulk", "Bulk"),
                            ("golden", "Golden"),
                        ],
                        max_length=8,
                    ),
                ),
                ("verb", models.CharField(max_length=30)),
                ("reasons", models.JSONField(default=list)),
                ("note", models.TextField(blank=True)),
                ("besides", models.JSONField(default=dict)),
                ("made_at", models.DateTimeField()),
                ("seconds", models.FloatField(blank=True, null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Waiting"),
                            ("carried_out", "Carried Out"),
                            ("filed", "Filed"),
                            ("answered", "Answered"),
                            ("undone", "Undone"),
                            ("refused", "Refused"),
                        ],
                        default="",
                        max_length=12,
                    ),
                ),
                ("refusal", models.CharField(blank=True, max_length=60)),
                ("told_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="SavedReply",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=40, unique=True)),
                ("verb", models.CharField(max_length=30)),
                ("title_zh", models.CharField(max_length=100)),
                ("title_en", models.CharField(max_length=100)),
                ("text_zh", models.TextField()),
                ("text_en", models.TextField()),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={"verbose_name": "saved reply", "verbose_name_plural": "saved replies"},
        ),
        migrations.CreateModel(
            name="TakeOver",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("given", models.BooleanField(default=False)),
            ],
        ),
        migrations.AddField(
            model_name="case",
            name="assigned_to",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="case", name="claimed_at", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddField(
            model_name="case", name="for_senior", field=models.BooleanField(default=False)
        ),
        migrations.AddField(
            model_name="case", name="golden", field=models.BooleanField(default=False)
        ),
        migrations.AddField(model_name="case", name="harm", field=models.FloatField(default=1)),
        migrations.AddField(
            model_name="case", name="hearing", field=models.BooleanField(default=False)
        ),
        migrations.AddField(
            model_name="case", name="held_until", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddField(
            model_name="case",
            name="name_key",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
        migrations.AddField(
            model_name="case", name="review_due", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddField(
            model_name="case",
            name="review_since",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="review_stage",
            field=models.CharField(
                choices=[("first", "First"), ("second", "Second"), ("third", "Third")],
                default="first",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="case",
            name="rights_now",
            field=models.CharField(
                choices=[
                    ("none", "None"),
                    ("conditional", "Conditional"),
                    ("in_force", "In Force"),
                ],
                default="none",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="case",
            name="second_review",
            field=models.CharField(
                blank=True,
                choices=[("", "None"), ("policy", "Policy"), ("sample", "Sample")],
                default="",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="case", name="urgency", field=models.FloatField(default=0.0)
        ),
        migrations.AddField(
            model_name="decision", name="seconds", field=models.FloatField(blank=True, null=True)
        ),
        migrations.AddField(
            model_name="decision", name="waited", field=models.FloatField(blank=True, null=True)
        ),
        migrations.AddField(
            model_name="bulk",
            name="confirmed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="bulk",
            name="proposed_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="bulkitem",
            name="bulk",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="items",
                to="verification.bulk",
            ),
        ),
        migrations.AddField(
            model_name="bulkitem",
            name="case",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="bulk_items",
                to="verification.case",
            ),
        ),
        migrations.AddField(
            model_name="casenote",
            name="by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="casenote",
            name="case",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notes",
                to="verification.case",
            ),
        ),
        migrations.AddField(
            model_name="casereason",
            name="case",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="review_reasons",
                to="verification.case",
            ),
        ),
        migrations.AddField(
            model_name="goldencase",
            name="case",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="golden_case",
                to="verification.case",
            ),
        ),
        migrations.AddField(
            model_name="goldenturn",
            name="case",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="golden_turns",
                to="verification.case",
            ),
        ),
        migrations.AddField(
            model_name="goldenturn",
            name="reviewer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="presence",
            name="case",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="presences",
                to="verification.case",
            ),
        ),
        migrations.AddField(
            model_name="presence",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="reviewdraft",
            name="case",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="drafts",
                to="verification.case",
            ),
        ),
        migrations.AddField(
            model_name="reviewdraft",
            name="reviewer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="ruling",
            name="bulk",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="rulings",
                to="verification.bulk",
            ),
        ),
        migrations.AddField(
            model_name="ruling",
            name="by",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="ruling",
            name="case",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="rulings",
                to="verification.case",
            ),
        ),
        migrations.AddField(
            model_name="ruling",
            name="confirmed_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="takeover",
            name="asked_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="takeover",
            name="asked_of",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="takeover",
            name="case",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="take_overs",
                to="verification.case",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulk",
            constraint=models.CheckConstraint(
                condition=models.Q(("confirmed_by", models.F("proposed_by")), _negated=True),
                name="bulk_by_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkitem",
            constraint=models.UniqueConstraint(fields=("bulk", "case"), name="bulk_item_once"),
        ),
        migrations.AddIndex(
            model_name="casereason",
            index=models.Index(fields=["code", "case"], name="case_reason_code"),
        ),
        migrations.AddConstraint(
            model_name="casereason",
            constraint=models.UniqueConstraint(fields=("case", "code"), name="case_reason_once"),
        ),
        migrations.AddConstraint(
            model_name="goldenturn",
            constraint=models.UniqueConstraint(
                fields=("case", "reviewer"), name="golden_turn_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="presence",
            constraint=models.UniqueConstraint(fields=("case", "user"), name="presence_once"),
        ),
        migrations.AddConstraint(
            model_name="reviewdraft",
            constraint=models.UniqueConstraint(
                fields=("case", "reviewer"), name="review_draft_once"
            ),
        ),
        migrations.AddIndex(
            model_name="ruling",
            index=models.Index(
                condition=models.Q(("finished_at", None)), fields=["due_at"], name="ruling_due"
            ),
        ),
        migrations.AddIndex(
            model_name="ruling", index=models.Index(fields=["by", "made_at"], name="ruling_by")
        ),
        migrations.AddConstraint(
            model_name="ruling",
            constraint=models.UniqueConstraint(
                condition=models.Q(("finished_at", None)),
                fields=("case",),
                name="ruling_one_open_per_case",
            ),
        ),
        migrations.AddConstraint(
            model_name="takeover",
            constraint=models.UniqueConstraint(
                condition=models.Q(("answered_at", None)),
                fields=("case",),
                name="take_over_one_open_per_case",
            ),
        ),
    ]
