"""Employers that are not real: they are made for a golden case and belong to its reviewer."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("employers", "0003_staff")]
    operations = [
        migrations.AddField(
            model_name="employer",
            name="made_for",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="employer",
            index=models.Index(
                condition=models.Q(made_for__isnull=False),
                fields=["made_for"],
                name="employer_made_for",
            ),
        ),
    ]
