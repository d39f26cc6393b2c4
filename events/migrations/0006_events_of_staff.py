"""What one member of staff has done lately is found without reading all events."""

from django.db import migrations, models

from events.db.indexes import AddIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("events", "0005_labels")]
    operations = [
        AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("role", "reviewer")),
                fields=["actor_id", "at"],
                name="event_of_staff",
            ),
        )
    ]
