"""How often each caller of the API asked in its last minute; not worth a place in the log."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_token_ids")]

    operations = [
        migrations.CreateModel(
            name="ApiUse",
            fields=[
                (
                    "who",
                    models.TextField(
                        help_text="token:ID or user:ID", primary_key=True, serialize=False
                    ),
                ),
                ("minute", models.BigIntegerField(help_text="since 1970")),
                ("requests", models.BigIntegerField()),
            ],
        ),
        migrations.RunSQL("alter table accounts_apiuse set unlogged", migrations.RunSQL.noop),
    ]
