-- The day's rollup by target and by service.
insert into attribution_costsum
    (grain, day, source_id, currency, target_id, kind, state, sub_account_id, service_name,
     region_id, charge_category, evidence, billed_cost, effective_cost, idle_spread_billed,
     shared_spread_billed, idle_spread_effective, shared_spread_effective)
select g.grain, c.day, c.source_id, c.currency, g.target_id, g.kind, g.state, g.sub_account_id,
       g.service_name, g.region_id, g.charge_category, c.evidence,
       sum(c.billed_cost), sum(c.effective_cost), sum(c.idle_spread_billed),
       sum(c.shared_spread_billed), sum(c.idle_spread_effective), sum(c.shared_spread_effective)
  from attribution_costday c
  join attribution_target t on t.id = c.target_id
 cross join lateral (values
       ('target', c.target_id, '', '', '', '', '', ''),
       ('service', null::bigint, t.kind, t.state, c.sub_account_id, c.service_name, c.region_id,
        c.charge_category))
       g (grain, target_id, kind, state, sub_account_id, service_name, region_id, charge_category)
 where c.source_id = %(source)s and c.day = %(day)s and not c.is_month_spread
 group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
