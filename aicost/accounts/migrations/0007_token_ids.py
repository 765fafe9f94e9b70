"""Tokens have an id and may be limited to teams. The beginning of an older token stands as its id:
it goes on as a bearer token, by its hash, until it is revoked."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_letters")]

    operations = [
        migrations.RenameField("apitoken", "prefix", "token_id"),
        migrations.AlterField(
            model_name="apitoken",
            name="token_id",
            field=models.TextField(help_text="what it is known by, and the user name of Basic"),
        ),
        migrations.AlterField(
            model_name="apitoken",
            name="scopes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), help_text="ingest, read, admin", size=None
            ),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="teams",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(),
                help_text="the teams it sees among those of its user; null is all of them",
                null=True,
                size=None,
            ),
        ),
    ]
