"""The guard on events (`events/db/guards.py`), in place of the triggers of migration 0002."""

from django.db import migrations

from events.db.dialect import dialect_of
from events.db.guards import GuardTable
from events.db.locking import be_quick


def drop_former(apps, schema_editor):
    be_quick(apps, schema_editor)
    for statement in dialect_of(schema_editor.connection).drop_function("events_event_append_only"):
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("events", "0007_key_check")]
    operations = [
        GuardTable("Event"),
        migrations.RunPython(drop_former, migrations.RunPython.noop, atomic=True),
    ]
