-- Money of training and experiments by group, with the GPU time of the runs of its experiment
-- (of its model where it has none) in the period: of all whose end is told or that still run, and
-- of those that failed or were killed.
-- Runs are named as they told; the names of the ledger are those of their first day in the period.
with named as (
    select
        coalesce(ax.canonical, r.experiment) as experiment,
        coalesce(am.canonical, r.model) as model, r.started, r.ended, r.status, r.gpu_ms
    from ingest_trainingrun r
    left join aicost_alias_days(%(start)s, %(end)s) ax
        on ax.day = greatest((r.started at time zone 'utc')::date, %(start)s::date)
        and ax.dimension = 'experiment' and ax.raw = r.experiment
    left join aicost_alias_days(%(start)s, %(end)s) am
        on am.day = greatest((r.started at time zone 'utc')::date, %(start)s::date)
        and am.dimension = 'model' and am.raw = r.model
),
run as (
    select
        experiment, case experiment when '' then model else '' end as model,
        sum(gpu_ms) as ran_ms,
        coalesce(sum(gpu_ms) filter (where status in ('failed', 'killed')), 0) as failed_ms
    from named
    where started < %(end)s::date::timestamp at time zone 'utc'
        and (ended is null or ended >= %(start)s::date::timestamp at time zone 'utc')
        and (ended is not null or status = 'running'
             or started >= %(start)s::date::timestamp at time zone 'utc')
        and status in ('finished', 'failed', 'killed', 'running') and gpu_ms > 0
        and (experiment <> '' or model <> '')
    group by 1, 2
),
target as (
    select id, model, feature, workload, experiment, team, environment
    from attribution_target
    where kind in ('workload', 'idle') and activity in ('training', 'experimentation')
        and (%(teams)s::text[] is null or team = any(%(teams)s))
        and (%(f_model)s::text[] is null or model = any(%(f_model)s))
        and (%(f_feature)s::text[] is null or feature = any(%(f_feature)s))
        and (%(f_workload)s::text[] is null or workload = any(%(f_workload)s))
        and (%(f_experiment)s::text[] is null or experiment = any(%(f_experiment)s))
        and (%(f_team)s::text[] is null or team = any(%(f_team)s))
        and (%(f_environment)s::text[] is null or environment = any(%(f_environment)s))
),
money as (
    select
        t.model, t.feature, t.workload, t.experiment, t.team, t.environment, c.currency,
        sum(case %(basis)s when 'billed' then c.billed_cost else c.effective_cost end) as cost
    from aicost_cost(%(start)s, %(end)s, 'target', %(step)s, '{}') c
    join target t on t.id = c.target_id
    group by 1, 2, 3, 4, 5, 6, 7
)
select m.*, r.ran_ms::bigint as ran_ms, r.failed_ms::bigint as failed_ms
from money m
left join run r
    on r.experiment = m.experiment and (m.experiment <> '' or r.model = m.model)
