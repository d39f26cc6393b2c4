"""By what employers and their people are found and kept apart, now that platforms make them.

On PostgreSQL nobody waits for it: each index is built beside the work on the table. The old one goes when the new one is there, so
that a confirmed code is one employer's alone at every moment. It can be run again after it was broken off.
"""

from django.db import migrations, models


def _drop(schema_editor, name):
    """One that was broken off is left behind, and is of no use."""
    beside = "CONCURRENTLY " if schema_editor.connection.vendor == "postgresql" else ""
    schema_editor.execute(f"DROP INDEX {beside}IF EXISTS {schema_editor.quote_name(name)}")


def _beside(statement):
    return str(statement).replace(" INDEX ", " INDEX CONCURRENTLY ", 1)


class AddIndex(migrations.AddIndex):
    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        _drop(schema_editor, self.index.name)
        model = to_state.apps.get_model(app_label, self.model_name)
        schema_editor.add_index(model, self.index, **({"concurrently": True} if schema_editor.connection.vendor == "postgresql" else {}))


class AddUnique(migrations.AddConstraint):
    """One with a condition, which is an index and nothing else."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        _drop(schema_editor, self.constraint.name)
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        schema_editor.execute(_beside(self.constraint.create_sql(model, schema_editor)))


class RemoveUnique(migrations.RemoveConstraint):
    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        _drop(schema_editor, self.name)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("employers", "0007_platform_contact")]
    operations = [
        AddIndex(
            model_name="employer",
            index=models.Index(
                condition=models.Q(("platform__isnull", False)), fields=["platform", "registered_at"], name="employer_platform"
            ),
        ),
        AddUnique(
            model_name="employer",
            constraint=models.UniqueConstraint(
                condition=models.Q(("confirmed_at__isnull", False), ("test", False)), fields=("uscc",), name="employer_confirmed_code_once"
            ),
        ),
        RemoveUnique(
            model_name="employer",
            name="employer_confirmed_uscc_once",
        ),
        AddUnique(
            model_name="employer",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reference", ""), _negated=True), fields=("platform", "reference"), name="employer_reference_once"
            ),
        ),
        AddUnique(
            model_name="member",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reference", ""), _negated=True), fields=("employer", "reference"), name="member_reference_once"
            ),
        ),
    ]
