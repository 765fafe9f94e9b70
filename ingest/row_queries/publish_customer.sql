-- Add or change by key. Two rows of one key in one file: the last by content stands.
insert into ingest_customer (customer, name, plan, segment, team, valid_from)
select distinct on (customer, valid_from) customer, name, plan, segment, team, valid_from
from stage_customer s
order by customer, valid_from, s::text desc
on conflict (customer, valid_from) do update set
    name = excluded.name,
    plan = excluded.plan,
    segment = excluded.segment,
    team = excluded.team
