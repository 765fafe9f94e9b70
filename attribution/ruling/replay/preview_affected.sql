-- How many series and charges have money that moves.
with moved as (
    select distinct first from (
        select first from p_part
         group by first, currency, is_credit, target_id
        having sum(cost_before) <> sum(cost_after)
    ) p
)
select (select count(*) from p_group where first in (select first from moved)),
       (select coalesce(sum(charges), 0)::bigint from ingest_charge
         where series_id in (select first from moved))
