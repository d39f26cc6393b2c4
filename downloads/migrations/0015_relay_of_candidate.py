"""By what the relay numbers of a candidate are found who closes, blocks, revokes or is erased."""

from django.db import migrations, models

from events.db.indexes import AddIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("downloads", "0014_receipts")]
    operations = [
        AddIndex(
            model_name="relaybinding",
            index=models.Index(fields=["client_id", "candidate"], name="relay_of_candidate"),
        )
    ]
