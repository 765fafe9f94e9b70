-- Frozen rates of each month as ingest.fx reads them: as stored; else the inverse of the stored
-- one; else the quotient over the first currency with a rate to both. What is derived is rounded
-- half-even to 18 decimals: `units` is the quotient in 10^-18, cut, and `rest` what was cut off.
-- A closed month has the rates pinned with it, if any were.
create or replace view bi_rate as
with pinned as (
    select c.month, p.from_currency, p.to_currency, p.rate
    from attribution_monthclose c
    join attribution_pinned_fxrate p on p.close_id = c.id
    where c.reopened_at is null
),
stored as (
    select month, from_currency, to_currency, rate from pinned
    union all
    select f.month, f.from_currency, f.to_currency, f.rate
    from ingest_fxrate f
    where not exists (select from pinned p where p.month = f.month)
),
pair as (
    select month, from_currency, to_currency, 1 as way, '' as over, rate as value, 1::numeric as by
    from stored
    union all
    select month, to_currency, from_currency, 2, '', 1, rate
    from stored
    where rate <> 0
    union all
    select a.month, a.to_currency, b.to_currency, 3, a.from_currency, b.rate, a.rate
    from stored a
    join stored b on b.month = a.month and b.from_currency = a.from_currency
    where a.to_currency <> b.to_currency and a.rate <> 0
),
chosen as (
    select distinct on (month, from_currency, to_currency) *
    from pair
    order by month, from_currency, to_currency, way, over collate "C"
),
divided as (
    select
        month, from_currency, to_currency, way, value, by,
        div(value * 1000000000000000000::numeric, by) as units,
        mod(value * 1000000000000000000::numeric, by) as rest
    from chosen
)
select
    month, from_currency, to_currency,
    case
        when way = 1 then value
        when 2 * rest > by or (2 * rest = by and mod(units, 2) = 1)
        then (units + 1) * 0.000000000000000001
        else units * 0.000000000000000001
    end as rate
from divided
