-- Where each group of charges stands before (side 1) and after (side 2) the change.
create temp table p_part on commit drop as
select c.series_id as first, c.currency, c.is_credit, a.target_id, v.cost_before, v.cost_after
  from (
      select charge_id, target_id,
             sum(case %(basis)s when 'billed' then billed_cost else effective_cost end)
                 filter (where source_id = 1) as cost_before,
             sum(case %(basis)s when 'billed' then billed_cost else effective_cost end)
                 filter (where source_id = 2) as cost_after
        from attribution_allocatedcharge
       group by 1, 2
  ) a
  join ingest_charge c on c.id = a.charge_id
 cross join lateral (
     select coalesce(a.cost_before, 0) as cost_before, coalesce(a.cost_after, 0) as cost_after
 ) v
