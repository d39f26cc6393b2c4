"""The guard on check runs (`events/db/guards.py`)."""

from django.db import migrations

from events.db.guards import GuardTable


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("verification", "0015_guards")]
    operations = [GuardTable("CheckRun")]
