-- Where all money of some days stands now, as it was last published.
select t.kind, t.team, t.feature, r.currency,
       sum(case %(basis)s when 'billed' then r.billed_cost else r.effective_cost end) as cost
  from attribution_costday r
  join attribution_target t on t.id = r.target_id
 where r.day >= %(start)s and r.day < %(end)s and not r.is_month_spread
 group by 1, 2, 3, 4
