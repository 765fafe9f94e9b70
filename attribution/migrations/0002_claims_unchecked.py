"""Claims are written without looking up each reference, and without indexes nothing reads."""

from django.db import migrations, models
from django.db.models import CASCADE

from aicost.migrating import Together

_UNCHECKED = {"on_delete": CASCADE, "db_constraint": False}
_UNINDEXED = {**_UNCHECKED, "db_index": False}
_RULE = {"to": "attribution.allocationrule", "related_name": "+"}
_FIELDS = {
    "rule_set": models.ForeignKey("attribution.ruleset", **_UNINDEXED),
    "series": models.ForeignKey("ingest.chargeseries", **_UNCHECKED),
    "rule": models.ForeignKey(**_RULE, **_UNCHECKED),
    "resource_rule": models.ForeignKey(**_RULE, **_UNINDEXED, null=True),
    "pod_rule": models.ForeignKey(**_RULE, **_UNINDEXED, null=True),
}


class Migration(migrations.Migration):
    dependencies = [("attribution", "0001_tables"), ("ingest", "0001_tables")]

    operations = [
        Together([migrations.AlterField("seriesclaim", *field) for field in _FIELDS.items()])
    ]
