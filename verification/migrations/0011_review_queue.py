"""Where a case stands in the reviewers' queue: since when it waits, and the indexes that the queue is read by.

On PostgreSQL nobody waits for it: indexes are built beside the work on the table, and rows are written a thousand at a time. It can
be run again after it was broken off. Urgency, reasons and name keys are filled by `manage.py place_queue`, or by the sweeper.
"""

from django.db import migrations, models
from django.db.models.functions import Substr

AT_ONCE = 1000
WAITING = models.Q(state="in_review") | models.Q(hearing=True)


class AddIndex(migrations.AddIndex):
    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        # One that was broken off is left behind, and is of no use.
        schema_editor.execute(
            f"DROP INDEX CONCURRENTLY IF EXISTS {schema_editor.quote_name(self.index.name)}"
        )
        schema_editor.add_index(model, self.index, concurrently=True)


class RemoveIndex(migrations.RemoveIndex):
    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        schema_editor.execute(
            f"DROP INDEX CONCURRENTLY IF EXISTS {schema_editor.quote_name(self.name)}"
        )


def fill(apps, schema_editor):
    """A case that waits has waited since it was handed in; one whose rights were taken away, since its employer appealed."""
    cases = apps.get_model("verification", "Case").objects.using(schema_editor.connection.alias)
    appeals = apps.get_model("verification", "Appeal").objects.using(schema_editor.connection.alias)
    heard = appeals.filter(
        answered_at=None, case__state__in=("suspended", "revoked"), case__hearing=False
    ).order_by()
    while some := list(heard.values_list("case", flat=True)[:AT_ONCE]):
        since = appeals.filter(case=models.OuterRef("pk"), answered_at=None).values("at")[:1]
        cases.filter(pk__in=some).update(hearing=True, review_since=models.Subquery(since))
    unplaced = cases.filter(WAITING, review_since=None, submitted_at__isnull=False).order_by()
    while some := list(unplaced.values_list("pk", flat=True)[:AT_ONCE]):
        cases.filter(pk__in=some, review_since=None).update(review_since=models.F("submitted_at"))


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("verification", "0010_reviewing")]
    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        RemoveIndex(model_name="case", name="case_review_queue"),
        AddIndex(
            model_name="case",
            index=models.Index(
                condition=WAITING, fields=["-urgency", "submitted_at", "id"], name="case_queue"
            ),
        ),
        AddIndex(
            model_name="case",
            index=models.Index(
                Substr("declared_uscc", 3, 2),
                models.OrderBy(models.F("urgency"), descending=True),
                models.F("submitted_at"),
                models.F("id"),
                condition=WAITING,
                name="case_queue_province",
            ),
        ),
        AddIndex(
            model_name="case",
            index=models.Index(
                condition=WAITING,
                fields=["account_class", "-urgency", "submitted_at", "id"],
                name="case_queue_class",
            ),
        ),
        AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("claimed_until__isnull", False)),
                fields=["claimed_until"],
                name="case_claim_ends",
            ),
        ),
        AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("assigned_to__isnull", False)),
                fields=["assigned_to"],
                name="case_assigned",
            ),
        ),
        AddIndex(model_name="case", index=models.Index(fields=["declared_uscc"], name="case_uscc")),
        AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("declared_legal_representative", ""), _negated=True),
                fields=["declared_legal_representative"],
                name="case_representative",
            ),
        ),
        AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("name_key", ""), _negated=True),
                fields=["name_key"],
                name="case_name_key",
            ),
        ),
        AddIndex(
            model_name="decision",
            index=models.Index(fields=["decided_at", "verb"], name="decision_when"),
        ),
    ]
