-- What each series was charged in a span of days, credits apart from costs.
create temp table p_series on commit drop as
select series_id, source_id,
       case %(basis)s when 'billed' then billed_cost else effective_cost end < 0 as is_credit,
       count(*) as charges, sum(billed_cost) as billed_cost, sum(effective_cost) as effective_cost
  from ingest_charge
 where day >= %(start)s and day < %(end)s
 group by 1, 2, 3
