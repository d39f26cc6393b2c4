"""A verified number belongs to one account."""

from django.db import migrations, models

from events.db.indexes import AddUnique


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("employers", "0016_phones")]
    operations = [
        AddUnique(
            model_name="user",
            constraint=models.UniqueConstraint(
                condition=models.Q(("phone_index", ""), _negated=True),
                fields=("phone_index",),
                name="user_phone_proven_once",
            ),
        )
    ]
