"""What people say of targets; nobody changes or deletes the history of it."""

from django.conf import settings
from django.db import migrations, models
import django.db.models.deletion

FORWARD = """
create function attribution_entitychange_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'changes of entities are append-only';
end $$;
create trigger attribution_entitychange_append_only
    before update or delete on attribution_entitychange
    for each row execute function attribution_entitychange_append_only();
"""
BACKWARD = """
drop trigger attribution_entitychange_append_only on attribution_entitychange;
drop function attribution_entitychange_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("attribution", "0012_instance_part"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="EntityAbove",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("level", models.TextField()),
                ("dimension", models.TextField()),
                ("name", models.TextField()),
                ("above", models.TextField()),
                ("valid_from", models.DateField(null=True)),
                ("valid_to", models.DateField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["dimension", "name"], name="entity_above_name")],
            },
        ),
        migrations.CreateModel(
            name="EntityBudget",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("dimension", models.TextField()),
                ("name", models.TextField()),
                ("amount", models.DecimalField(decimal_places=18, max_digits=38)),
                ("currency", models.TextField()),
                ("period", models.TextField(default="month")),
                ("valid_from", models.DateField(blank=True, null=True)),
                ("valid_to", models.DateField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("dimension", "name", "valid_from"),
                        name="entity_budget_identity",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EntityParent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("dimension", models.TextField()),
                ("name", models.TextField()),
                ("level", models.TextField()),
                ("parent", models.TextField()),
                ("valid_from", models.DateField(blank=True, null=True)),
                ("valid_to", models.DateField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("dimension", "name", "level", "valid_from"),
                        name="entity_parent_identity",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Entity",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("dimension", models.TextField()),
                ("name", models.TextField()),
                ("title", models.TextField(blank=True, db_default="", default="")),
                (
                    "owner",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="a person or a mail address",
                    ),
                ),
                ("status", models.TextField(default="active")),
                ("retired_on", models.DateField(blank=True, null=True)),
                ("business_case", models.TextField(blank=True, db_default="", default="")),
                (
                    "expected_value",
                    models.DecimalField(
                        blank=True,
                        decimal_places=18,
                        help_text="a month; null: nobody said",
                        max_digits=38,
                        null=True,
                    ),
                ),
                ("expected_currency", models.TextField(blank=True, db_default="", default="")),
                (
                    "attributes",
                    models.JSONField(default=dict, help_text="see attribution.entities.attributes"),
                ),
                ("note", models.TextField(blank=True, db_default="", default="")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("changed_at", models.DateTimeField(auto_now=True)),
                (
                    "changed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "entities",
                "constraints": [
                    models.UniqueConstraint(fields=("dimension", "name"), name="entity_identity")
                ],
            },
        ),
        migrations.CreateModel(
            name="EntityChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("dimension", models.TextField()),
                ("name", models.TextField()),
                ("what", models.TextField(help_text="details, parent, budget, alias, renamed")),
                ("reason", models.TextField(blank=True, db_default="", default="")),
                ("before", models.JSONField(default=dict)),
                ("after", models.JSONField(default=dict)),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["dimension", "name", "-at"], name="entity_change_name")
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
