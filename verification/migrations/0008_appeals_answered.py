from django.db import migrations, models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce


def _fill(apps, schema_editor):
    """What was said before: by which verb, and when the next decision by a person answered it. Two statements, whatever there is."""
    alias = schema_editor.connection.alias
    appeals = apps.get_model("verification", "Appeal").objects.using(alias)
    decisions = apps.get_model("verification", "Decision").objects.using(alias)
    cases = apps.get_model("verification", "Case").objects.using(alias)
    of_case = cases.filter(pk=OuterRef("case"))
    appeals.exclude(pk__in=appeals.filter(case__appealed_at=F("at")).values("pk")).update(
        verb="ask_person"
    )
    answer = decisions.filter(
        case=OuterRef("case"), decided_by__isnull=False, decided_at__gte=OuterRef("at")
    ).order_by("pk")
    later = appeals.filter(case=OuterRef("case"), pk__gt=OuterRef("pk")).order_by("pk")
    appeals.update(
        answered_at=Coalesce(
            Subquery(answer.values("decided_at")[:1]), Subquery(later.values("at")[:1])
        )
    )
    over = of_case.exclude(state="in_review").annotate(
        end=Coalesce("decided_at", "submitted_at", "opened_at")
    )
    appeals.filter(Q(answered_at=None) & ~Q(case__state="in_review")).update(
        answered_at=Subquery(over.values("end")[:1])
    )


class Migration(migrations.Migration):
    dependencies = [("verification", "0007_staff_groups")]

    operations = [
        migrations.AddField(
            model_name="appeal",
            name="verb",
            field=models.CharField(
                choices=[("appeal", "appeal"), ("ask_person", "a person")],
                default="appeal",
                max_length=20,
                verbose_name="what is asked",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="appeal",
            name="answered_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="answered"),
        ),
        migrations.RunPython(_fill, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="appeal",
            constraint=models.UniqueConstraint(
                condition=Q(("answered_at", None)),
                fields=("case",),
                name="appeal_one_open_per_case",
            ),
        ),
    ]
