from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("attribution", "0037_cost_periods")]

    operations = [
        migrations.AddField(
            "alert",
            "estimate",
            models.BooleanField(
                db_default=False,
                default=False,
                help_text="raised by hours of estimates: the bill of its days has not judged it"
                " yet",
            ),
        ),
    ]
