"""Golden cases as recipes, of which each reviewer gets a case of their own; and why two people looked, beside each ruling.

The earlier tables of golden cases were never filled: nothing made one.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

TWO_LOOK = ("first", "second", "third")


def fill(apps, schema_editor):
    """Of a case that came to the reviewers once more since, this is what it asks for now; nothing better is known."""
    alias = schema_editor.connection.alias
    asked = (
        apps.get_model("verification", "Case")
        .objects.using(alias)
        .filter(pk=models.OuterRef("case"))
        .values("second_review")[:1]
    )
    rulings = apps.get_model("verification", "Ruling").objects.using(alias)
    rulings.filter(stage__in=TWO_LOOK).update(second_review=models.Subquery(asked))


class Migration(migrations.Migration):
    dependencies = [
        ("employers", "0004_made_for"),
        ("verification", "0011_review_queue"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.DeleteModel(name="GoldenTurn"),
        migrations.DeleteModel(name="GoldenCase"),
        migrations.CreateModel(
            name="GoldenCase",
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
                            ("kept", "kept from a decided case"),
                            ("honest", "honest"),
                            ("name", "another name on the licence"),
                            ("forged", "edited picture"),
                            ("register", "the register speaks against it"),
                            ("agency", "agency without a client"),
                        ],
                        max_length=10,
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("right_verb", models.CharField(max_length=30)),
                ("right_reasons", models.JSONField(default=list)),
                ("recipe", models.JSONField(default=dict)),
                ("known_to", models.JSONField(default=list)),
                ("kept_from", models.UUIDField(null=True, unique=True)),
                ("made_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                (
                    "made_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(retired_at=None),
                        fields=["made_at"],
                        name="golden_in_use",
                    )
                ]
            },
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
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("lapsed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="golden_turn",
                        to="verification.case",
                    ),
                ),
                (
                    "golden",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="turns",
                        to="verification.goldencase",
                    ),
                ),
                (
                    "reviewer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["reviewer", "given_at"], name="golden_turn_of")],
                "constraints": [
                    models.UniqueConstraint(fields=("golden", "reviewer"), name="golden_turn_once")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(condition=models.Q(golden=True), fields=["id"], name="case_golden"),
        ),
        migrations.AddField(
            model_name="ruling",
            name="second_review",
            field=models.CharField(blank=True, default="", max_length=8),
        ),
        migrations.AlterField(
            model_name="ruling",
            name="outcome",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "Waiting"),
                    ("carried_out", "Carried Out"),
                    ("filed", "Filed"),
                    ("undone", "Undone"),
                    ("refused", "Refused"),
                ],
                default="",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="ruling",
            name="stage",
            field=models.CharField(
                choices=[
                    ("first", "First"),
                    ("second", "Second"),
                    ("third", "Third"),
                    ("bulk", "Bulk"),
                ],
                max_length=8,
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
