"""A proposal with an effect says who confirmed it, as those to make a superuser already do."""

from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

from events.db.locking import quickly

SECOND = Q(settled_by__isnull=False) & ~Q(settled_by=F("proposed_by"))
CONSTRAINTS = (
    ("ladderversion", "ladder_takes_two_people", Q(active_from=None)),
    ("move", "move_takes_two_people", Q(confirmed=False)),
    ("releasestop", "release_stop_two_people", Q(confirmed=False)),
)


class Migration(migrations.Migration):
    dependencies = [
        ("downloads", "0025_job_titles_of_releases"),
        ("employers", "0019_member_reviews"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        quickly(),
        *(migrations.RemoveConstraint(model, name) for model, name, _ in CONSTRAINTS),
        *(
            migrations.AddConstraint(
                model, models.CheckConstraint(condition=without_effect | SECOND, name=name)
            )
            for model, name, without_effect in CONSTRAINTS
        ),
    ]
