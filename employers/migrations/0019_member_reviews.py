from django.db import migrations, models

from events.db.locking import quickly


class Migration(migrations.Migration):
    dependencies = [("employers", "0018_candidates_by_text")]

    operations = [
        quickly(),
        migrations.AddField(
            model_name="member",
            name="held_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="in review since"),
        ),
    ]
