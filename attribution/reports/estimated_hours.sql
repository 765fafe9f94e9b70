-- What telemetry and prices say of each hour: the estimates in force, and of days whose bill is
-- final those that gave way to it. Null: nothing of the hour is priced. By source, because hours
-- are indexed within it.
select
    e.hour as at,
    case when 'feature' = any(%(groups)s) then t.feature end as feature,
    case when 'model' = any(%(groups)s) then t.model end as model,
    case when 'workload' = any(%(groups)s) then t.workload end as workload,
    case when 'experiment' = any(%(groups)s) then t.experiment end as experiment,
    case when 'team' = any(%(groups)s) then t.team end as team,
    e.currency, sum(e.estimated_cost) as estimated_cost
from ingest_source s
join attribution_estimatedcost e on e.source_id = s.id
    and e.hour >= %(start)s::timestamp at time zone 'utc'
    and e.hour < %(end)s::timestamp at time zone 'utc'
    and e.superseded_by in ('', 'bill')
join attribution_target t on t.id = e.target_id
where (%(teams)s::text[] is null or t.team = any(%(teams)s))
    and (%(f_feature)s::text[] is null or t.feature = any(%(f_feature)s))
    and (%(f_model)s::text[] is null or t.model = any(%(f_model)s))
    and (%(f_workload)s::text[] is null or t.workload = any(%(f_workload)s))
    and (%(f_experiment)s::text[] is null or t.experiment = any(%(f_experiment)s))
    and (%(f_team)s::text[] is null or t.team = any(%(f_team)s))
group by 1, 2, 3, 4, 5, 6, 7
order by 1, 2, 3, 4, 5, 6, 7
