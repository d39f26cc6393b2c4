"""Guards on decisions of the gate, pass uses, copies, releases and traces (`events/db/guards.py`)."""

from django.db import migrations

from events.db.guards import GuardTable


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("downloads", "0016_labels")]
    operations = [
        GuardTable("GateDecision"),
        GuardTable("PassUse"),
        GuardTable("Copy"),
        GuardTable("Release"),
        GuardTable("Trace"),
    ]
