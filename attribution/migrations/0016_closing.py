from django.conf import settings
from django.db import migrations, models
import django.db.models.deletion


class Migration(migrations.Migration):
    dependencies = [
        ("attribution", "0015_cost_sums"),
        ("ingest", "0016_spans_are_ours"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PinnedWords",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sha256", models.CharField(max_length=64, unique=True)),
                ("texts", models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            name="ReportedCost",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("day", models.DateField()),
                ("billing_period", models.DateField()),
                ("currency", models.TextField()),
                ("sub_account_id", models.TextField(blank=True, db_default="", default="")),
                ("service_name", models.TextField(blank=True, db_default="", default="")),
                ("region_id", models.TextField(blank=True, db_default="", default="")),
                ("charge_category", models.TextField(blank=True, db_default="", default="")),
                ("evidence", models.TextField()),
                ("is_long", models.BooleanField(default=False)),
                ("is_month_spread", models.BooleanField(default=False)),
                ("billed_cost", models.DecimalField(decimal_places=18, max_digits=38)),
                ("effective_cost", models.DecimalField(decimal_places=18, max_digits=38)),
                ("list_cost", models.DecimalField(decimal_places=18, max_digits=38, null=True)),
                (
                    "contracted_cost",
                    models.DecimalField(decimal_places=18, max_digits=38, null=True),
                ),
                (
                    "idle_spread_billed",
                    models.DecimalField(decimal_places=18, default=0, max_digits=38),
                ),
                (
                    "shared_spread_billed",
                    models.DecimalField(decimal_places=18, default=0, max_digits=38),
                ),
                (
                    "idle_spread_effective",
                    models.DecimalField(decimal_places=18, default=0, max_digits=38),
                ),
                (
                    "shared_spread_effective",
                    models.DecimalField(decimal_places=18, default=0, max_digits=38),
                ),
            ],
        ),
        migrations.AddField(
            model_name="monthclose",
            name="blockers",
            field=models.JSONField(default=list, help_text="what blocked it and was passed over"),
        ),
        migrations.AddField(
            model_name="monthclose",
            name="edition",
            field=models.PositiveIntegerField(default=1, help_text="of this month, from 1"),
        ),
        migrations.AddField(
            model_name="monthclose",
            name="why_anyway",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                help_text="why it was closed in spite of what blocked it",
            ),
        ),
        migrations.AlterField(
            model_name="monthclose",
            name="pinned",
            field=models.JSONField(
                default=dict, help_text="what was reported and pinned, in numbers"
            ),
        ),
        migrations.AddField(
            model_name="monthclose",
            name="sealed",
            field=models.BooleanField(default=False, help_text="all of it is in; nothing is added"),
        ),
        migrations.AlterField(
            model_name="monthclose",
            name="reason",
            field=models.TextField(
                blank=True, db_default="", default="", help_text="why it was reopened"
            ),
        ),
        migrations.CreateModel(
            name="PinnedRuleSet",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                (
                    "close",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="attribution.monthclose"
                    ),
                ),
                (
                    "rule_set",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="attribution.ruleset"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="monthclose",
            name="words",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, to="attribution.pinnedwords"
            ),
        ),
        migrations.AddConstraint(
            model_name="monthclose",
            constraint=models.UniqueConstraint(
                fields=("month", "edition"), name="month_close_edition"
            ),
        ),
        migrations.AddField(
            model_name="reportedcost",
            name="close",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="attribution.monthclose"
            ),
        ),
        migrations.AddField(
            model_name="reportedcost",
            name="source",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="ingest.source"
            ),
        ),
        migrations.AddField(
            model_name="reportedcost",
            name="target",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="attribution.target"
            ),
        ),
        migrations.AddConstraint(
            model_name="pinnedruleset",
            constraint=models.UniqueConstraint(
                fields=("close", "day"), name="pinned_rule_set_identity"
            ),
        ),
        migrations.AddIndex(
            model_name="reportedcost",
            index=models.Index(fields=["close", "day"], name="attribution_close_i_67337a_idx"),
        ),
    ]
