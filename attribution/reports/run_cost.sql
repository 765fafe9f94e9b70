-- Training runs of the period with the money of training and experiments of their experiment (of
-- their model where they name none), by their part of the GPU time of its runs that ended or still
-- run, as failed_runs.sql counts them. What a run
-- cost is a view over the ledger: money stands on targets, not on runs.
-- Runs are named as they told; the names of the ledger are those of their first day in the period.
with named as (
    select
        r.id, coalesce(ax.canonical, r.experiment) as experiment,
        coalesce(am.canonical, r.model) as model, r.team, r.name, r.run_id, r.status, r.started,
        case when r.params ->> 'planned_hours' ~ '^[0-9]{1,6}([.][0-9]{1,3})?$'
            then (r.params ->> 'planned_hours')::numeric end as planned_hours,
        r.ended, r.gpu_ms, r.restarted_from, r.reason, s.name as source, s.kind as source_kind
    from ingest_trainingrun r
    join ingest_source s on s.id = r.source_id
    left join aicost_alias_days(%(start)s, %(end)s) ax
        on ax.day = greatest((r.started at time zone 'utc')::date, %(start)s::date)
        and ax.dimension = 'experiment' and ax.raw = r.experiment
    left join aicost_alias_days(%(start)s, %(end)s) am
        on am.day = greatest((r.started at time zone 'utc')::date, %(start)s::date)
        and am.dimension = 'model' and am.raw = r.model
    where r.started < %(end)s::date::timestamp at time zone 'utc'
        and (r.ended is null or r.ended >= %(start)s::date::timestamp at time zone 'utc')
        and (r.ended is not null or r.status in ('running', '')
             or r.started >= %(start)s::date::timestamp at time zone 'utc')
),
ran as (
    select experiment, case experiment when '' then model else '' end as model,
        sum(gpu_ms) as ran_ms
    from named
    where gpu_ms > 0 and status in ('finished', 'failed', 'killed', 'running')
    group by 1, 2
),
piece as materialized (
    select * from aicost_pieces(%(start)s, %(end)s, 'target', %(step)s, '{}')
),
money as (
    select t.experiment, case t.experiment when '' then t.model else '' end as model, c.currency,
        sum(case %(basis)s when 'billed' then c.billed_cost else c.effective_cost end) as cost
    from attribution_target t
    join attribution_costsum c on c.target_id = t.id
    join piece p on p.grain = c.grain and p.source_id = c.source_id and p.first = c.day
    where t.kind in ('workload', 'idle') and t.activity in ('training', 'experimentation')
        and (t.experiment <> '' or t.model <> '')
        and (%(teams)s::text[] is null or t.team = any(%(teams)s))
    group by 1, 2, 3
)
select
    n.run_id as run, n.name, n.experiment, n.model, n.team, n.status, n.started as started_at,
    n.ended as ended_at, n.planned_hours,
    (extract(epoch from n.ended - n.started) * 1000)::bigint as took_ms, n.reason,
    n.restarted_from, n.source, n.gpu_ms, r.ran_ms::bigint as ran_ms,
    coalesce(m.currency, '') as currency, m.cost as pool
from named n
left join ran r on r.experiment = n.experiment and (n.experiment <> '' or r.model = n.model)
    and n.gpu_ms > 0 and n.status in ('finished', 'failed', 'killed', 'running')
left join money m on m.experiment = n.experiment and (n.experiment <> '' or m.model = n.model)
where (%(teams)s::text[] is null or n.team = any(%(teams)s))
    and (%(f_experiment)s::text[] is null or n.experiment = any(%(f_experiment)s))
    and (%(f_model)s::text[] is null or n.model = any(%(f_model)s))
    and (%(f_team)s::text[] is null or n.team = any(%(f_team)s))
order by n.started desc, n.id desc, m.currency
