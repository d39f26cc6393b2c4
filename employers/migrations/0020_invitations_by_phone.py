"""Invitations of a number."""

from django.db import migrations, models

from events.db.locking import quickly


class Migration(migrations.Migration):
    dependencies = [("employers", "0019_member_reviews")]

    operations = [
        quickly(),
        migrations.AddField(
            model_name="invitation",
            name="phone_sealed",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="invitation",
            name="phone_index",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
        migrations.AlterField(
            model_name="invitation",
            name="email",
            field=models.EmailField(blank=True, max_length=254, verbose_name="email"),
        ),
    ]
