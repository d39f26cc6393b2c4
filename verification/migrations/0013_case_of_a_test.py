"""Cases of platforms' tests, which no person sees."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("verification", "0012_golden")]

    operations = [
        migrations.AddField(
            model_name="case",
            name="test",
            field=models.BooleanField(db_default=False, default=False),
        )
    ]
