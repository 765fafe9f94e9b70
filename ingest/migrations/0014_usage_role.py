from django.db import migrations, models


class Migration(migrations.Migration):
    """Whose count the usage of a source is: one's own calls, or the provider's sums of them."""

    dependencies = [("ingest", "0013_delivery_view")]

    operations = [
        migrations.AddField(
            model_name="source",
            name="usage_role",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                help_text="calls, or provider_count",
            ),
        ),
    ]
