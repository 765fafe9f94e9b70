-- Training runs that ran in the period, with the latest commit or deploy of their experiment: one
-- that names it, or one of a commit that a run of it was made from. Runs are
-- asked for by the names of the ledger on their first day in the period.
with run as (
    select r.*, s.name as source
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
        and (%(f_experiment)s::text[] is null
             or coalesce(ax.canonical, r.experiment) = any(%(f_experiment)s))
        and (%(f_model)s::text[] is null or coalesce(am.canonical, r.model) = any(%(f_model)s))
        and (%(f_feature)s::text[] is null or r.feature = any(%(f_feature)s))
        and (%(f_team)s::text[] is null or r.team = any(%(f_team)s))
        and (%(teams)s::text[] is null or r.team = any(%(teams)s))
), touched as (
    select e.experiment, t.*
    from (select distinct experiment from run where experiment <> '') e
    cross join lateral (
        select a.at, a.author, a.title
        from ingest_annotation a
        where a.kind <> 'note'
            and (a.experiment = e.experiment
                 or a.commit in (select x.git_commit from ingest_trainingrun x
                                 where x.experiment = e.experiment and x.git_commit <> ''))
        order by a.at desc, a.id desc
        limit 1
    ) t
)
select
    r.run_id as run, r.name, r.experiment, r.model, r.model_version, r.feature, r.team, r."user",
    r.status,
    r.started as started_at, r.ended as ended_at,
    (extract(epoch from r.ended - r.started) * 1000)::bigint as took_ms,
    case when r.params ->> 'planned_hours' ~ '^[0-9]{1,6}([.][0-9]{1,3})?$'
        then (r.params ->> 'planned_hours')::numeric end as planned_hours,
    r.gpu_ms, r.reason, r.restarted_from,
    r.git_commit as commit, r.source, t.author as touched_by, t.title as touched_by_what,
    t.at as touched_at
from run r
left join touched t on t.experiment = r.experiment
order by r.started desc, r.id desc
