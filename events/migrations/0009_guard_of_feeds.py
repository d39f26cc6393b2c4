"""The guard on feed rows (`events/db/guards.py`)."""

from django.db import migrations

from events.db.guards import GuardTable


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("events", "0008_guard")]
    operations = [GuardTable("PlatformEvent")]
