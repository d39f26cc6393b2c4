"""An address belongs to the account that confirmed it. The index for this exists before 0013 removes
the constraint that every address is unique.
"""

from django.db import migrations, models
from django.db.models import Q

from events.db.indexes import AddIndex, AddUnique


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("employers", "0011_attempt_count")]
    operations = [
        AddIndex(model_name="user", index=models.Index(fields=["email"], name="user_email")),
        AddUnique(
            model_name="user",
            constraint=models.UniqueConstraint(
                fields=["email"],
                condition=Q(
                    ("email_verified_at__isnull", False), ("is_staff", True), _connector="OR"
                ),
                name="user_address_held_once",
            ),
        ),
    ]
