"""Indexes and constraints to find employers and members of platforms, and keep them unique.

The old constraint is removed after the new one exists, so that a confirmed code always belongs to
one employer.
"""

from django.db import migrations, models

from events.db.indexes import AddIndex, AddUnique, RemoveUnique


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("employers", "0007_platform_contact")]
    operations = [
        AddIndex(
            model_name="employer",
            index=models.Index(
                condition=models.Q(("platform__isnull", False)),
                fields=["platform", "registered_at"],
                name="employer_platform",
            ),
        ),
        AddUnique(
            model_name="employer",
            constraint=models.UniqueConstraint(
                condition=models.Q(("confirmed_at__isnull", False), ("test", False)),
                fields=("uscc",),
                name="employer_confirmed_code_once",
            ),
        ),
        RemoveUnique(model_name="employer", name="employer_confirmed_uscc_once"),
        AddUnique(
            model_name="employer",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reference", ""), _negated=True),
                fields=("platform", "reference"),
                name="employer_reference_once",
            ),
        ),
        AddUnique(
            model_name="member",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reference", ""), _negated=True),
                fields=("employer", "reference"),
                name="member_reference_once",
            ),
        ),
    ]
