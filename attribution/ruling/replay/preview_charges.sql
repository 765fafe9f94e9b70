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
    select first, day_before, day_after, source_id, day, is_credit,
           currency, count(*), sum(billed_cost), sum(effective_cost),
           case when of_resource
                then sum(greatest(coalesce(consumed_quantity, pricing_quantity, 0), 0))
                when tokens_per_unit is not null
                then sum(floor(coalesce(consumed_quantity, pricing_quantity)
                               * tokens_per_unit))::numeric(38, 18) / tokens_per_unit
                else sum(coalesce(consumed_quantity, pricing_quantity)) end
      from p_single
     group by first, day_before, day_after, source_id, day, is_credit, effective_cost < 0,
              currency, of_resource, tokens_per_unit
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
