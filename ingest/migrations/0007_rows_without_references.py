"""Charges and calls come by the million, always with the references of the load that writes them
in the same transaction; checking each row by row cost half the time of publishing a bill."""

from django.db import migrations

FORWARD = """
alter table ingest_charge drop constraint ingest_charge_source_id_fkey;
alter table ingest_charge drop constraint ingest_charge_series_id_fkey;
alter table ingest_charge drop constraint ingest_charge_scope_id_fkey;
alter table ingest_charge drop constraint ingest_charge_delivery_id_fkey;
alter table ingest_usage drop constraint ingest_usage_source_id_fkey;
alter table ingest_usage drop constraint ingest_usage_delivery_id_fkey;
"""

BACKWARD = """
alter table ingest_charge add foreign key (source_id) references ingest_source;
alter table ingest_charge add foreign key (series_id) references ingest_chargeseries;
alter table ingest_charge add foreign key (scope_id) references ingest_scope;
alter table ingest_charge add foreign key (delivery_id) references ingest_delivery;
alter table ingest_usage add foreign key (source_id) references ingest_source;
alter table ingest_usage add foreign key (delivery_id) references ingest_delivery;
"""


class Migration(migrations.Migration):
    dependencies = [("ingest", "0006_intervals_without_references")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
