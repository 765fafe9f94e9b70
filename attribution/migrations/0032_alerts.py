"""Alerts; nobody changes or deletes the history of one."""

from django.conf import settings
from django.db import migrations, models
import django.db.models.deletion

FORWARD = """
create function attribution_alertevent_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'events of alerts are append-only';
end $$;
create trigger attribution_alertevent_append_only
    before update or delete on attribution_alertevent
    for each row execute function attribution_alertevent_append_only();
"""
BACKWARD = """
drop trigger attribution_alertevent_append_only on attribution_alertevent;
drop function attribution_alertevent_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("attribution", "0031_customer_dearest"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AlertRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("through", models.DateField(help_text="the last day that was judged")),
                ("series", models.PositiveIntegerField(default=0)),
                ("seconds", models.DecimalField(decimal_places=3, max_digits=12)),
                (
                    "changes",
                    models.JSONField(default=dict, help_text="how many alerts opened, updated, …"),
                ),
                (
                    "notes",
                    models.JSONField(
                        default=list, help_text="late data, detectors without enough data"
                    ),
                ),
            ],
            options={
                "get_latest_by": "id",
            },
        ),
        migrations.CreateModel(
            name="Alert",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "level",
                    models.TextField(help_text="a name in attribution.alerting.levels"),
                ),
                (
                    "name",
                    models.TextField(
                        blank=True, db_default="", default="", help_text="'' for the organisation"
                    ),
                ),
                ("currency", models.TextField(blank=True, db_default="", default="")),
                ("kind", models.TextField(help_text="the detector: a name in DETECTORS")),
                ("onset", models.DateField()),
                ("last", models.DateField(help_text="the last day that belongs to it so far")),
                ("raised_on", models.DateField(help_text="the day whose data raised it")),
                ("state", models.TextField(default="open")),
                ("severity", models.TextField(default="minor")),
                ("expected", models.DecimalField(decimal_places=18, max_digits=38, null=True)),
                ("actual", models.DecimalField(decimal_places=18, max_digits=38, null=True)),
                ("excess", models.DecimalField(decimal_places=18, max_digits=38, null=True)),
                (
                    "percent",
                    models.DecimalField(
                        decimal_places=4, help_text="excess of expected", max_digits=20, null=True
                    ),
                ),
                (
                    "monthly",
                    models.DecimalField(
                        decimal_places=18,
                        help_text="what it comes to in 30 days, by which it is ranked",
                        max_digits=38,
                        null=True,
                    ),
                ),
                (
                    "told",
                    models.DecimalField(
                        decimal_places=18,
                        help_text="what of `monthly` was last told; twice as much is told again",
                        max_digits=38,
                        null=True,
                    ),
                ),
                ("team", models.TextField(blank=True, db_default="", default="")),
                ("owner", models.TextField(blank=True, db_default="", default="")),
                (
                    "incident",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="alerts of one incident share it",
                    ),
                ),
                (
                    "notifies",
                    models.BooleanField(default=False, help_text="told to people, not only listed"),
                ),
                (
                    "why_notified",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="why it is told, or only listed",
                    ),
                ),
                ("title", models.TextField()),
                ("rule", models.TextField(help_text="the rule in words, with its figures")),
                (
                    "evidence",
                    models.JSONField(
                        default=dict, help_text="days with their band, gates, resources"
                    ),
                ),
                ("acknowledged_at", models.DateTimeField(null=True)),
                ("snoozed_until", models.DateField(help_text="silent before this day", null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("changed_at", models.DateTimeField(auto_now=True)),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "assigned_to",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        help_text="the alert that tells the same money better",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="children",
                        to="attribution.alert",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AlertEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("what", models.TextField(help_text="one of HAPPENINGS")),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("figures", models.JSONField(default=dict)),
                ("text", models.TextField(blank=True, db_default="", default="")),
                ("notifies", models.BooleanField(default=False)),
                (
                    "alert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="attribution.alert",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AlertFeedback",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("level", models.TextField()),
                ("name", models.TextField(blank=True, db_default="", default="")),
                ("errors", models.DecimalField(decimal_places=4, default=1, max_digits=6)),
                ("dollars", models.DecimalField(decimal_places=4, default=1, max_digits=6)),
                ("set_on", models.DateField()),
                (
                    "set_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="KnownEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("level", models.TextField()),
                ("name", models.TextField(blank=True, db_default="", default="")),
                ("begins", models.DateField()),
                ("ends", models.DateField(help_text="the last day of it", null=True)),
                ("text", models.TextField(blank=True, db_default="", default="")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "alert",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="attribution.alert",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SeenCost",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("level", models.TextField()),
                ("name", models.TextField(blank=True, db_default="", default="")),
                ("currency", models.TextField()),
                ("day", models.DateField()),
                ("first_cost", models.DecimalField(decimal_places=18, max_digits=38, null=True)),
                ("second_cost", models.DecimalField(decimal_places=18, max_digits=38, null=True)),
                ("third_cost", models.DecimalField(decimal_places=18, max_digits=38, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("day", "level", "name", "currency"), name="seen_cost_identity"
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(fields=["state", "-monthly"], name="alert_state"),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(fields=["incident"], name="alert_incident"),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.UniqueConstraint(
                fields=("level", "name", "currency", "kind", "onset"), name="alert_identity"
            ),
        ),
        migrations.AddIndex(
            model_name="alertevent",
            index=models.Index(fields=["alert", "id"], name="alert_event_alert"),
        ),
        migrations.AddConstraint(
            model_name="alertfeedback",
            constraint=models.UniqueConstraint(
                fields=("level", "name"), name="alert_feedback_identity"
            ),
        ),
        migrations.AddIndex(
            model_name="knownevent",
            index=models.Index(fields=["begins"], name="known_event_begins"),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
