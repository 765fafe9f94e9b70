"""Parts of a charge with one division of whole numbers each instead of two of long decimals."""

from django.db import migrations

# With units = quotient * total + rest, all of one sign, div(units * upto, total) is
# quotient * upto + rest * upto / total: the difference of two of these is quotient * weight and a
# difference of bigints, which fit while total * total does. The parts are the same as those of
# aicost_part_of (0023) to the last digit. `quotient` is given as an amount, times 10^-18.
FORWARD = """
create function aicost_quick_part(quotient numeric, rest bigint, weight numeric, upto bigint,
                                  below bigint, total bigint)
returns numeric language sql immutable parallel safe as $$
    select quotient * weight + (rest * upto / total - rest * below / total) * 0.000000000000000001
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("attribution", "0035_customer_pieces")]
    operations = [
        migrations.RunSQL(
            FORWARD,
            "drop function aicost_quick_part(numeric, bigint, numeric, bigint, bigint, bigint)",
        )
    ]
