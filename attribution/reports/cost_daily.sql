-- The rollup of each day with every dimension it keeps, in both bases: what files and BI tools sum
-- for themselves. Rows that only carry a share of long charges (is_month_spread) have no money.
select
    c.day, to_char(c.billing_period, 'YYYY-MM') as billing_period, s.name as source,
    c.sub_account_id as account, c.service_name as service, c.region_id as region,
    c.charge_category, t.kind, t.state,
    case when t.kind = 'workload'
            or concat(t.workload, t.model, t.feature, t.experiment, t.team) <> ''
        then t.activity else '' end as activity,
    t.workload, t.model, t.feature, t.experiment, t.team, t.environment,
    aicost_layer(t.kind, t.activity, m.service_name is not null) as layer,
    c.evidence, c.currency,
    sum(c.billed_cost) as billed_cost,
    sum(c.effective_cost) as effective_cost,
    -- Unknown is not zero: a row of which a part is unknown is unknown.
    case when bool_and(c.list_cost is not null) then sum(c.list_cost) end as list_cost,
    case when bool_and(c.contracted_cost is not null) then sum(c.contracted_cost) end
        as contracted_cost
from attribution_costday c
join attribution_target t on t.id = c.target_id
join ingest_source s on s.id = c.source_id
left join attribution_modelapi m
    on m.source_id = c.source_id and m.service_name = c.service_name
where c.day >= %(start)s and c.day < %(end)s and not c.is_month_spread
    and (%(teams)s::text[] is null or t.team = any(%(teams)s))
    and (%(f_source)s::text[] is null or s.name = any(%(f_source)s))
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19
order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19
