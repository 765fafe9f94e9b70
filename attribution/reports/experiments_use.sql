-- Calls and runs of experiments up to the end of the period, under the names of its last day: when
-- each was last called, how many runs it had, what they held, and when the last one ran.
with alias as materialized (
    select * from aicost_alias_days(%(end)s::date - 1, %(end)s)
),
through as (
    select max(day) as day from ingest_usageday where day < %(end)s
),
called as (
    select coalesce(a.canonical, u.experiment) as experiment, max(u.day) as last_call
    from ingest_usageday u
    left join alias a on a.dimension = 'experiment' and a.raw = u.experiment
    where u.experiment <> '' and u.requests > 0 and u.day >= %(near)s and u.day < %(end)s
        and (%(teams)s::text[] is null or u.team = any(%(teams)s))
    group by 1
),
ran as (
    select
        coalesce(a.canonical, r.experiment) as experiment, count(*) as runs,
        count(*) filter (where r.status in ('failed', 'killed')) as failed_runs,
        sum(r.gpu_ms)::bigint as gpu_ms,
        max(least(coalesce(
            case when r.ended is null and r.status = 'running' then l.loaded_at else r.ended end,
            r.started), %(end)s::date::timestamp at time zone 'utc' - interval '1 second')
            at time zone 'utc')::date as last_run
    from ingest_trainingrun r
    left join alias a on a.dimension = 'experiment' and a.raw = r.experiment
    left join ingest_delivery l on l.id = r.delivery_id
    where r.experiment <> '' and r.started < %(end)s::date::timestamp at time zone 'utc'
        and (%(teams)s::text[] is null or r.team = any(%(teams)s))
    group by 1
)
select
    coalesce(c.experiment, r.experiment) as experiment, c.last_call, r.runs, r.failed_runs,
    r.gpu_ms, r.last_run, g.day as through
from called c
full join ran r using (experiment)
cross join through g
where (%(f_experiment)s::text[] is null
    or coalesce(c.experiment, r.experiment) = any(%(f_experiment)s))
