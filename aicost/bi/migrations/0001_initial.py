"""Logins of BI tools, and the figures of reports by day that no rollup knows."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Login',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('name', models.TextField(unique=True)),
                ('role', models.TextField(default='viewer')),
                ('teams', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), null=True, size=None)),
                ('made_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name='Month',
            fields=[
                ('month', models.DateField(primary_key=True, serialize=False)),
                ('published', models.BigIntegerField(default=-1)),
                ('measured', models.TextField(blank=True, db_default='', default='')),
                ('made_at', models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            name='Margin',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('day', models.DateField()),
                ('feature', models.TextField(blank=True, db_default='', default='')),
                ('line', models.TextField()),
                ('currency', models.TextField(blank=True, db_default='', default='')),
                ('cost', models.DecimalField(decimal_places=18, max_digits=38)),
                ('cost_of_revenue', models.DecimalField(decimal_places=18, max_digits=38)),
                ('research_cost', models.DecimalField(decimal_places=18, max_digits=38)),
                ('other_class_cost', models.DecimalField(decimal_places=18, max_digits=38)),
                ('revenue', models.DecimalField(decimal_places=18, max_digits=38, null=True)),
                ('gross_margin', models.DecimalField(decimal_places=18, max_digits=38, null=True)),
                ('margin', models.DecimalField(decimal_places=18, max_digits=38, null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['day'], name='bi_margin_day_f325fc_idx')],
            },
        ),
        migrations.CreateModel(
            name='UnitCost',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('day', models.DateField()),
                ('model', models.TextField(blank=True, db_default='', default='')),
                ('feature', models.TextField(blank=True, db_default='', default='')),
                ('workload', models.TextField(blank=True, db_default='', default='')),
                ('experiment', models.TextField(blank=True, db_default='', default='')),
                ('team', models.TextField(blank=True, db_default='', default='')),
                ('environment', models.TextField(blank=True, db_default='', default='')),
                ('requests', models.BigIntegerField(null=True)),
                ('successes', models.BigIntegerField(null=True)),
                ('attempts', models.BigIntegerField(null=True)),
                ('outcomes', models.BigIntegerField(null=True)),
                ('tokens', models.BigIntegerField(null=True)),
                ('input_tokens', models.BigIntegerField(null=True)),
                ('cached_input_tokens', models.BigIntegerField(null=True)),
                ('output_tokens', models.BigIntegerField(null=True)),
                ('reasoning_tokens', models.BigIntegerField(null=True)),
                ('images', models.BigIntegerField(null=True)),
                ('audio_ms', models.BigIntegerField(null=True)),
                ('characters', models.BigIntegerField(null=True)),
                ('currency', models.TextField(blank=True, db_default='', default='')),
                ('marginal_cost', models.DecimalField(decimal_places=18, max_digits=38, null=True)),
                ('idle_cost', models.DecimalField(decimal_places=18, max_digits=38, null=True)),
                ('idle_spread', models.DecimalField(decimal_places=18, max_digits=38, null=True)),
                ('shared_spread', models.DecimalField(decimal_places=18, max_digits=38, null=True)),
                ('loaded_cost', models.DecimalField(decimal_places=18, max_digits=38, null=True)),
                ('training_cost', models.DecimalField(decimal_places=18, max_digits=38, null=True)),
                ('other_cost', models.DecimalField(decimal_places=18, max_digits=38, null=True)),
                ('marginal_cost_per_inference', models.DecimalField(decimal_places=18, max_digits=38, null=True)),
                ('loaded_cost_per_inference', models.DecimalField(decimal_places=18, max_digits=38, null=True)),
                ('marginal_cost_per_million_tokens', models.DecimalField(decimal_places=18, max_digits=38, null=True)),
                ('loaded_cost_per_million_tokens', models.DecimalField(decimal_places=18, max_digits=38, null=True)),
            ],
            options={
                'abstract': False,
                'indexes': [models.Index(fields=['day'], name='bi_unitcost_day_99141e_idx'), models.Index(fields=['team', 'day'], name='bi_unitcost_team_174f13_idx')],
            },
        ),
        migrations.CreateModel(
            name='Usage',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('day', models.DateField()),
                ('model', models.TextField(blank=True, db_default='', default='')),
                ('feature', models.TextField(blank=True, db_default='', default='')),
                ('workload', models.TextField(blank=True, db_default='', default='')),
                ('experiment', models.TextField(blank=True, db_default='', default='')),
                ('team', models.TextField(blank=True, db_default='', default='')),
                ('environment', models.TextField(blank=True, db_default='', default='')),
                ('requests', models.BigIntegerField(null=True)),
                ('successes', models.BigIntegerField(null=True)),
                ('attempts', models.BigIntegerField(null=True)),
                ('outcomes', models.BigIntegerField(null=True)),
                ('tokens', models.BigIntegerField(null=True)),
                ('input_tokens', models.BigIntegerField(null=True)),
                ('cached_input_tokens', models.BigIntegerField(null=True)),
                ('output_tokens', models.BigIntegerField(null=True)),
                ('reasoning_tokens', models.BigIntegerField(null=True)),
                ('images', models.BigIntegerField(null=True)),
                ('audio_ms', models.BigIntegerField(null=True)),
                ('characters', models.BigIntegerField(null=True)),
                ('source_id', models.BigIntegerField()),
                ('model_version', models.TextField(blank=True, db_default='', default='')),
            ],
            options={
                'abstract': False,
                'indexes': [models.Index(fields=['day'], name='bi_usage_day_bdb62e_idx'), models.Index(fields=['team', 'day'], name='bi_usage_team_9979c2_idx')],
            },
        ),
    ]
