"""Guards on copy links and contacts (`events/db/guards.py`)."""

from django.db import migrations

from events.db.guards import GuardTable


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("downloads", "0018_release_stops")]
    operations = [GuardTable("CopyLink"), GuardTable("Contact")]
