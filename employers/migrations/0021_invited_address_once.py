"""Only invitations of an address are one per address."""

from django.db import migrations, models

from events.db.indexes import AddUnique, RemoveUnique


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("employers", "0020_invitations_by_phone")]

    operations = [
        AddUnique(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("accepted_at", None),
                    ("withdrawn_at", None),
                    models.Q(("email", ""), _negated=True),
                ),
                fields=("employer", "email"),
                name="invitation_of_address_open_once",
            ),
        ),
        RemoveUnique(model_name="invitation", name="invitation_open_once"),
    ]
