-- What a figure received of the ownerless pools, window by window: a day, or the month over which
-- charges longer than a day are spread. `given` is the pool, `weight` of `total_weight` this
-- figure's share of the receivers, `part` what it got, `gave` what it gave away itself.
with row as (
    select
        r.source_id, r.day, r.currency, r.is_month_spread, t.kind,
        date_trunc('month', r.day::timestamp)::date as month,
        case when t.kind in ('workload', 'unattributed') and not r.is_month_spread
            then greatest(floor(r.effective_cost * 10000), 0) else 0 end as weight,
        case %(basis)s when 'billed' then r.idle_spread_billed else r.idle_spread_effective end
            as idle,
        case %(basis)s when 'billed' then r.shared_spread_billed else r.shared_spread_effective end
            as shared,
        (%(teams)s::text[] is null or t.team = any(%(teams)s))
            and (%(f_feature)s::text[] is null or t.feature = any(%(f_feature)s))
            and (%(f_model)s::text[] is null or t.model = any(%(f_model)s))
            and (%(f_workload)s::text[] is null or t.workload = any(%(f_workload)s))
            and (%(f_experiment)s::text[] is null or t.experiment = any(%(f_experiment)s))
            and (%(f_team)s::text[] is null or t.team = any(%(f_team)s))
            and (%(f_environment)s::text[] is null or t.environment = any(%(f_environment)s))
            and (%(f_activity)s::text[] is null or t.activity = any(%(f_activity)s))
            and (%(f_kind)s::text[] is null or t.kind = any(%(f_kind)s))
            and (not 'activity' = any(%(groups)s) or t.kind = 'workload'
                or concat(t.workload, t.model, t.feature, t.experiment, t.team) <> '')
            and (%(f_state)s::text[] is null or t.state = any(%(f_state)s))
            and (%(f_source)s::text[] is null or s.name = any(%(f_source)s))
            and (%(f_account)s::text[] is null or r.sub_account_id = any(%(f_account)s))
            and (%(f_service)s::text[] is null or r.service_name = any(%(f_service)s))
            and (%(f_region)s::text[] is null or r.region_id = any(%(f_region)s))
            and (%(f_charge_category)s::text[] is null
                or r.charge_category = any(%(f_charge_category)s))
            and (%(f_layer)s::text[] is null
                or aicost_layer(t.kind, t.activity, (r.source_id, r.service_name) in (
                    select source_id, service_name from attribution_modelapi)) = any(%(f_layer)s))
            and (%(f_evidence)s::text[] is null or r.evidence = any(%(f_evidence)s)) as mine
    from attribution_costday r
    join attribution_target t on t.id = r.target_id
    join ingest_source s on s.id = r.source_id
    where r.day >= date_trunc('month', %(start)s::timestamp)::date
        and r.day < date_trunc('month', %(end)s::timestamp - interval '1 day') + interval '1 month'
),
pool as (
    select
        r.source_id, r.currency, r.is_month_spread,
        case when r.is_month_spread then r.month else r.day end as start, p.name,
        coalesce(-sum(p.amount) filter (where kind in ('idle', 'shared')), 0) as given,
        coalesce(-sum(p.amount) filter (where kind in ('idle', 'shared') and mine), 0) as gave,
        coalesce(sum(p.amount) filter (where kind in ('workload', 'unattributed') and mine), 0)
            as part
    from row r
    cross join lateral (values ('idle', r.idle), ('shared', r.shared)) p (name, amount)
    where r.day >= %(start)s and r.day < %(end)s and p.name = any(%(pools)s)
    group by 1, 2, 3, 4, 5
    having bool_or(p.amount <> 0)
),
receiver as (
    select
        source_id, currency, w.is_month_spread,
        case when w.is_month_spread then month else day end as start,
        coalesce(sum(weight) filter (where mine), 0) as weight, sum(weight) as total_weight
    from row
    cross join (values (true), (false)) w (is_month_spread)
    where not row.is_month_spread
    group by 1, 2, 3, 4
)
select
    s.name as source, p.name as pool, p.start, p.currency, p.is_month_spread as over_month,
    p.given, p.gave, p.part, r.weight::bigint as weight, r.total_weight::bigint as total_weight
from pool p
join receiver r using (source_id, currency, is_month_spread, start)
join ingest_source s on s.id = p.source_id
where p.part <> 0 or p.gave <> 0
order by greatest(abs(p.part), abs(p.gave)) desc, s.name, p.start, p.name
