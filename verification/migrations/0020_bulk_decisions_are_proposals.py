"""Bulk decisions have the columns of all proposals. In the database they keep their names, which a
version that runs during the upgrade reads and writes.
"""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

from events.db.locking import quickly


def settle_dropped(apps: Any, schema_editor: Any) -> None:
    """Until now a dropped proposal said only when, and not by whom."""
    Bulk = apps.get_model("verification", "Bulk")
    Bulk.objects.filter(settled_at=None, dropped_at__isnull=False).update(
        settled_at=F("dropped_at")
    )


class Migration(migrations.Migration):
    dependencies = [
        ("verification", "0019_member_reviews"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        quickly(),
        migrations.RemoveConstraint("bulk", "bulk_by_two_people"),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField("bulk", "confirmed_by", "settled_by"),
                migrations.AlterField(
                    "bulk",
                    "settled_by",
                    models.ForeignKey(
                        blank=True,
                        db_column="confirmed_by_id",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="settled by",
                    ),
                ),
                migrations.RenameField("bulk", "confirmed_at", "settled_at"),
                migrations.AlterField(
                    "bulk",
                    "settled_at",
                    models.DateTimeField(
                        blank=True, db_column="confirmed_at", null=True, verbose_name="settled"
                    ),
                ),
            ]
        ),
        migrations.AddConstraint(
            "bulk",
            models.CheckConstraint(
                condition=Q(settled_at=None)
                | Q(dropped_at__isnull=False)
                | (Q(settled_by__isnull=False) & ~Q(settled_by=F("proposed_by"))),
                name="bulk_by_two_people",
            ),
        ),
        migrations.RunPython(settle_dropped, migrations.RunPython.noop),
    ]
