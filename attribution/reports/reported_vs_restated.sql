-- Closed months as they were reported and as they stand now, by any dimensions of the rollup. A
-- dimension that is not asked for is null.
with edition as (
    select distinct on (month) id, month
    from attribution_monthclose
    where month >= %(first_month)s and month < %(end)s
        and (%(f_edition)s::text[] is null or edition::text = any(%(f_edition)s))
    order by month, edition desc
),
row as (
    select
        r.day, r.source_id, r.currency, r.target_id, r.sub_account_id, r.service_name, r.region_id,
        r.charge_category, r.evidence,
        case %(basis)s when 'billed' then r.billed_cost else r.effective_cost end as reported,
        0 as restated
    from edition e
    join attribution_reportedcost r on r.close_id = e.id
    where r.day >= %(start)s and r.day < %(end)s
    union all
    select
        c.day, c.source_id, c.currency, c.target_id, c.sub_account_id, c.service_name, c.region_id,
        c.charge_category, c.evidence, 0,
        case %(basis)s when 'billed' then c.billed_cost else c.effective_cost end
    from edition e
    join attribution_costday c on c.day >= e.month and c.day < e.month + interval '1 month'
    where c.day >= %(start)s and c.day < %(end)s
)
select
    case %(granularity)s
        when 'total' then %(start)s::date
        when 'day' then r.day
        else date_trunc('month', r.day::timestamp)::date
    end as period,
    case when 'feature' = any(%(groups)s) then t.feature end as feature,
    case when 'model' = any(%(groups)s) then t.model end as model,
    case when 'workload' = any(%(groups)s) then t.workload end as workload,
    case when 'experiment' = any(%(groups)s) then t.experiment end as experiment,
    case when 'team' = any(%(groups)s) then t.team end as team,
    case when 'environment' = any(%(groups)s) then t.environment end as environment,
    case when 'activity' = any(%(groups)s) then t.activity end as activity,
    case when 'kind' = any(%(groups)s) then t.kind end as kind,
    case when 'state' = any(%(groups)s) then t.state end as state,
    case when 'source' = any(%(groups)s) then s.name end as source,
    case when 'account' = any(%(groups)s) then r.sub_account_id end as account,
    case when 'service' = any(%(groups)s) then r.service_name end as service,
    case when 'region' = any(%(groups)s) then r.region_id end as region,
    case when 'charge_category' = any(%(groups)s) then r.charge_category end as charge_category,
    case when 'evidence' = any(%(groups)s) then r.evidence end as evidence,
    r.currency, sum(r.reported) as reported, sum(r.restated) as restated,
    sum(r.restated) - sum(r.reported) as difference
from row r
join attribution_target t on t.id = r.target_id
join ingest_source s on s.id = r.source_id
where (%(teams)s::text[] is null or t.team = any(%(teams)s))
    and (%(f_feature)s::text[] is null or t.feature = any(%(f_feature)s))
    and (%(f_model)s::text[] is null or t.model = any(%(f_model)s))
    and (%(f_workload)s::text[] is null or t.workload = any(%(f_workload)s))
    and (%(f_experiment)s::text[] is null or t.experiment = any(%(f_experiment)s))
    and (%(f_team)s::text[] is null or t.team = any(%(f_team)s))
    and (%(f_environment)s::text[] is null or t.environment = any(%(f_environment)s))
    and (%(f_activity)s::text[] is null or t.activity = any(%(f_activity)s))
    and (%(f_kind)s::text[] is null or t.kind = any(%(f_kind)s))
    and (%(f_state)s::text[] is null or t.state = any(%(f_state)s))
    and (%(f_source)s::text[] is null or s.name = any(%(f_source)s))
    and (%(f_account)s::text[] is null or r.sub_account_id = any(%(f_account)s))
    and (%(f_service)s::text[] is null or r.service_name = any(%(f_service)s))
    and (%(f_region)s::text[] is null or r.region_id = any(%(f_region)s))
    and (%(f_charge_category)s::text[] is null or r.charge_category = any(%(f_charge_category)s))
    and (%(f_evidence)s::text[] is null or r.evidence = any(%(f_evidence)s))
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17
order by 1, abs(sum(r.restated) - sum(r.reported)) desc, sum(r.reported) desc, 2, 3, 4, 5, 6, 7, 8,
    9, 10, 11, 12, 13, 14, 15, 16, 17
