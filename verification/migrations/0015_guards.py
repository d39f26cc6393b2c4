"""Guards on decisions and rulings (`events/db/guards.py`)."""

from django.db import migrations

from events.db.guards import GuardTable
from events.db.locking import quickly


class Migration(migrations.Migration):
    dependencies = [("verification", "0014_labels")]
    operations = [quickly(), GuardTable("Decision"), GuardTable("Ruling")]
