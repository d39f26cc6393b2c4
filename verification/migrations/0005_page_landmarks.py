"""Landmarks of pages, kept. Pages that came before get theirs when they are compared the next time, or by `index_pages`."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("verification", "0004_decision")]
    operations = [
        migrations.CreateModel(
            name="PageLandmarks",
            fields=[
                (
                    "page",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="landmarks",
                        serialize=False,
                        to="verification.documentpage",
                    ),
                ),
                ("sealed", models.BinaryField()),
            ],
        )
    ]
