-- One charge for all that behave alike: in the whole span of days where the day decides nothing,
-- else on each day: source 0 stands for all days. Quantities are those that the weights use. From
-- here on these are the charges.
create temp table ingest_charge on commit drop as
with merged as (
    select g.first, false as day_before, false as day_after, 0::bigint as source_id,
           %(start)s::date as day, s.is_credit, g.currency,
           sum(s.charges) as charges, sum(s.billed_cost) as billed_cost,
           sum(s.effective_cost) as effective_cost, null::numeric as quantity
      from p_group g
      join p_series s using (series_id)
     where not g.by_day
     group by g.first, s.is_credit, g.currency
    union all
    select g.first, g.day_before, g.day_after, c.source_id, c.day,
           case %(basis)s when 'billed' then c.billed_cost else c.effective_cost end < 0,
           g.currency, count(*), sum(c.billed_cost), sum(c.effective_cost),
           case when g.of_resource
                then sum(greatest(coalesce(c.consumed_quantity, c.pricing_quantity, 0), 0))
                when g.tokens_per_unit is not null
                then sum(floor(coalesce(c.consumed_quantity, c.pricing_quantity)
                               * g.tokens_per_unit))::numeric(38, 18) / g.tokens_per_unit
                else sum(coalesce(c.consumed_quantity, c.pricing_quantity)) end
      from p_group g
      join ingest_charge c on c.series_id = g.series_id
     where g.by_day and c.day >= %(start)s and c.day < %(end)s
     group by g.first, g.day_before, g.day_after, c.source_id, c.day, 6, c.effective_cost < 0,
              g.currency, g.of_resource, g.tokens_per_unit
)
select row_number() over () as id, first as series_id, is_credit, currency, charges,
       case when day_before then source_id else 0 end as source_id,
       case when day_before then day else %(start)s end as day,
       case when day_after then source_id else 0 end as source_after,
       case when day_after then day else %(start)s end as day_after,
       date_trunc('month', day)::date as billing_period,
       null::timestamptz as long_period_end, billed_cost, effective_cost,
       null::numeric as list_cost, null::numeric as contracted_cost,
       null::numeric as pricing_quantity, quantity as consumed_quantity
  from merged
