"""Guards on decisions of the gate, pass uses, copies, releases and traces (`events/db/guards.py`)."""

from django.db import migrations

from events.db.guards import GuardTable
from events.db.locking import quickly


class Migration(migrations.Migration):
    dependencies = [("downloads", "0016_labels")]
    operations = [
        quickly(),
        GuardTable("GateDecision"),
        GuardTable("PassUse"),
        GuardTable("Copy"),
        GuardTable("Release"),
        GuardTable("Trace"),
    ]
