"""The lists of licensed agencies, whom else a legal representative stands for, and by which requirements was decided."""

import django.db.models.deletion
from django.db import migrations, models

GROUP = "Reviewers"


def let_reviewers_look(apps, schema_editor):
    """Permissions are otherwise made only after all migrations have run, too late to be given to a group here."""
    alias = schema_editor.connection.alias
    content_type, _ = (
        apps.get_model("contenttypes", "ContentType")
        .objects.using(alias)
        .get_or_create(app_label="verification", model="hrlicencerecord")
    )
    permission, _ = (
        apps.get_model("auth", "Permission")
        .objects.using(alias)
        .get_or_create(
            content_type=content_type,
            codename="view_hrlicencerecord",
            defaults={"name": "Can view licensed agency"},
        )
    )
    for group in apps.get_model("auth", "Group").objects.using(alias).filter(name=GROUP):
        group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("verification", "0005_page_landmarks"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.CreateModel(
            name="HrLicenceRecord",
            fields=[
                (
                    "number",
                    models.CharField(
                        max_length=60,
                        primary_key=True,
                        serialize=False,
                        verbose_name="licence number",
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=200, verbose_name="company name")),
                (
                    "uscc",
                    models.CharField(
                        blank=True, max_length=18, verbose_name="unified social credit code"
                    ),
                ),
                (
                    "valid_until",
                    models.DateField(blank=True, null=True, verbose_name="valid until"),
                ),
                ("as_of", models.DateField(verbose_name="as of")),
            ],
            options={"verbose_name": "licensed agency", "verbose_name_plural": "licensed agencies"},
        ),
        migrations.CreateModel(
            name="HrLicenceShown",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.CharField(max_length=60)),
            ],
        ),
        migrations.AddField(
            model_name="attempt",
            name="rules_version",
            field=models.CharField(blank=True, max_length=40, verbose_name="requirements"),
        ),
        migrations.AddField(
            model_name="decision",
            name="rules_version",
            field=models.CharField(blank=True, max_length=40, verbose_name="requirements"),
        ),
        migrations.AddIndex(
            model_name="registryrecord",
            index=models.Index(
                fields=["legal_representative", "established_on"], name="registry_person_since"
            ),
        ),
        migrations.AddConstraint(
            model_name="hrlicencerecord",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), ("uscc", ""), _negated=True),
                name="hr_licence_is_somebodys",
            ),
        ),
        migrations.AddField(
            model_name="hrlicenceshown",
            name="case",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="hr_licences_shown",
                to="verification.case",
            ),
        ),
        migrations.AddConstraint(
            model_name="hrlicenceshown",
            constraint=models.UniqueConstraint(
                fields=("number", "case"), name="hr_licence_shown_once"
            ),
        ),
        migrations.RunPython(let_reviewers_look, migrations.RunPython.noop),
    ]
