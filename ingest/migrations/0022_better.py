from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ingest", "0021_customers"),
    ]

    operations = [
        migrations.AddField(
            model_name="qualityscore",
            name="better",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                help_text="higher, lower, or '': as words say of the measure (docs/vocabulary.md)",
            ),
        ),
    ]
