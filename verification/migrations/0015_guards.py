"""Guards on decisions and rulings (`events/db/guards.py`)."""

from django.db import migrations

from events.db.guards import GuardTable


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("verification", "0014_labels")]
    operations = [GuardTable("Decision"), GuardTable("Ruling")]
