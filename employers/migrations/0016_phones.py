"""One-time codes, and which numbers of accounts are proven."""

from django.db import migrations, models

from events.db.locking import quickly


class Migration(migrations.Migration):
    dependencies = [("employers", "0015_member_links")]

    operations = [
        quickly(),
        migrations.CreateModel(
            name="OneTimeCode",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("code_hash", models.CharField(blank=True, max_length=64)),
                ("sent_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(db_index=True)),
                ("wrong", models.PositiveSmallIntegerField(default=0)),
            ],
        ),
        migrations.AddField(
            model_name="user",
            name="phone_index",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=64, verbose_name="verified number"
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="phone_verified_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="number verified"),
        ),
        migrations.AddField(
            model_name="user",
            name="phone_vouched_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="number vouched for"),
        ),
        migrations.AlterField(
            model_name="user",
            name="email",
            field=models.EmailField(blank=True, max_length=254, verbose_name="email"),
        ),
    ]
