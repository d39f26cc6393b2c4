"""Labels and help texts of fields, which the database does not know."""

from django.db import migrations, models

from events.db.labels import Relabel


class Migration(migrations.Migration):
    dependencies = [("employers", "0008_platform_indexes")]

    operations = [
        Relabel(
            [
                migrations.AlterField(
                    model_name="apiclient",
                    name="contact_email",
                    field=models.EmailField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=254,
                        verbose_name="contact email",
                    ),
                ),
                migrations.AlterField(
                    model_name="employer",
                    name="test",
                    field=models.BooleanField(
                        db_default=False, default=False, verbose_name="test data"
                    ),
                ),
                migrations.AlterField(
                    model_name="user",
                    name="email",
                    field=models.EmailField(max_length=254, unique=True, verbose_name="email"),
                ),
                migrations.AlterField(
                    model_name="user",
                    name="email_verified_at",
                    field=models.DateTimeField(
                        blank=True, null=True, verbose_name="email confirmed"
                    ),
                ),
            ]
        )
    ]
