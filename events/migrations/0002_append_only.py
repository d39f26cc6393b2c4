"""Triggers that make the database refuse to change or remove events."""

from django.db import migrations

SQLITE_UP = [
    f"""
    CREATE TRIGGER events_event_no_{verb.lower()} BEFORE {verb} ON events_event
    BEGIN SELECT RAISE(ABORT, 'events_event is append-only'); END
    """
    for verb in ("UPDATE", "DELETE")
]
SQLITE_DOWN = [f"DROP TRIGGER IF EXISTS events_event_no_{verb}" for verb in ("update", "delete")]
POSTGRESQL_UP = [
    """
    CREATE FUNCTION events_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'events_event is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$
    """,
    """
    CREATE TRIGGER events_event_append_only BEFORE UPDATE OR DELETE ON events_event
    FOR EACH ROW EXECUTE FUNCTION events_event_append_only()
    """,
]
POSTGRESQL_DOWN = [
    "DROP TRIGGER IF EXISTS events_event_append_only ON events_event",
    "DROP FUNCTION IF EXISTS events_event_append_only()",
]


def _run(sqlite, postgresql):
    def run(apps, schema_editor):
        for statement in {"sqlite": sqlite, "postgresql": postgresql}[
            schema_editor.connection.vendor
        ]:
            schema_editor.execute(statement)

    return run


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial")]
    operations = [
        migrations.RunPython(_run(SQLITE_UP, POSTGRESQL_UP), _run(SQLITE_DOWN, POSTGRESQL_DOWN))
    ]
