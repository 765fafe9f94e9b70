"""The one split (docs/decisions/0005-split.md) as an inlinable SQL function, so that both stages
and the spread share one formula."""

from django.db import migrations

FORWARD = """
create function aicost_part(amount numeric, upto numeric, weight numeric, total numeric)
returns numeric language sql immutable parallel safe as $$
    select case when weight = total then amount
           else sign(amount) * (div(abs(amount) * 1000000000000000000 * upto, total)
                - div(abs(amount) * 1000000000000000000 * (upto - weight), total))
                * 0.000000000000000001 end
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("attribution", "0003_claims")]
    operations = [
        migrations.RunSQL(FORWARD, "drop function aicost_part(numeric, numeric, numeric, numeric)")
    ]
