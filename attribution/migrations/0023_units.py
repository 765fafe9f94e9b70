"""The one split in whole quanta: what 0004 computes for every part is computed once a charge, and
the ledger has one index by which it is cleared, checked and explained, instead of two."""

from django.db import migrations

# With units = amount * 10^18 a whole number, div() truncates towards zero as 0004 does with signs
# and absolute values: the parts are the same to the last digit.
FORWARD = """
create function aicost_units(amount numeric) returns numeric
language sql immutable parallel safe as $$
    select trunc(amount * 1000000000000000000)
$$;
create function aicost_amount(units numeric) returns numeric
language sql immutable parallel safe as $$
    select units * 0.000000000000000001
$$;
create function aicost_share(units numeric, upto numeric, below numeric, total numeric)
returns numeric language sql immutable parallel safe as $$
    select case when below = 0 and upto = total then units
           else div(units * upto, total) - div(units * below, total) end
$$;
create function aicost_part_of(units numeric, upto numeric, below numeric, total numeric)
returns numeric language sql immutable parallel safe as $$
    select (div(units * upto, total) - div(units * below, total)) * 0.000000000000000001
$$;
drop index attribution_allocatedcharge_source_day;
drop index attribution_allocatedcharge_charge;
create index attribution_allocatedcharge_charge
    on attribution_allocatedcharge (source_id, day, charge_id);
"""
BACK = """
drop index attribution_allocatedcharge_charge;
create index attribution_allocatedcharge_source_day
    on attribution_allocatedcharge (source_id, day);
create index attribution_allocatedcharge_charge on attribution_allocatedcharge (day, charge_id);
drop function aicost_part_of(numeric, numeric, numeric, numeric);
drop function aicost_share(numeric, numeric, numeric, numeric);
drop function aicost_amount(numeric);
drop function aicost_units(numeric);
"""


class Migration(migrations.Migration):
    dependencies = [("attribution", "0022_pod_rule")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
