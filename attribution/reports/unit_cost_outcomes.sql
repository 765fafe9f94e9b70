-- Results of the business per group under canonical names. Different outcomes are never added up:
-- `outcome` lists what they are.
with alias as materialized (
    select * from aicost_alias_days(%(start)s, %(end)s)
),
named as (
    select
        o.day, o.name, o.count, coalesce(af.canonical, o.feature) as feature,
        coalesce(ax.canonical, o.experiment) as experiment, coalesce(am.canonical, o.model) as model
    from ingest_outcome o
    left join alias af on af.day = o.day and af.dimension = 'feature' and af.raw = o.feature
        and ('feature' = any(%(groups)s) or %(f_feature)s::text[] is not null)
    left join alias ax on ax.day = o.day and ax.dimension = 'experiment' and ax.raw = o.experiment
        and ('experiment' = any(%(groups)s) or %(f_experiment)s::text[] is not null)
    left join alias am on am.day = o.day and am.dimension = 'model' and am.raw = o.model
        and ('model' = any(%(groups)s) or %(f_model)s::text[] is not null)
    where o.day >= %(start)s and o.day < %(end)s
)
select
    case %(granularity)s
        when 'total' then %(start)s::date
        when 'day' then day
        else (date_trunc(%(granularity)s, day - %(shift)s::interval) + %(shift)s::interval)::date
    end as period,
    case when 'model' = any(%(groups)s) then model else '' end as model,
    case when 'feature' = any(%(groups)s) then feature else '' end as feature,
    case when 'experiment' = any(%(groups)s) then experiment else '' end as experiment,
    string_agg(distinct name, ', ' order by name) as outcome,
    case when count(distinct name) = 1 then sum(count)::bigint end as outcomes
from named
where (%(f_model)s::text[] is null or model = any(%(f_model)s))
    and (%(f_feature)s::text[] is null or feature = any(%(f_feature)s))
    and (%(f_experiment)s::text[] is null or experiment = any(%(f_experiment)s))
    and (%(f_outcome)s::text[] is null or name = any(%(f_outcome)s))
group by 1, 2, 3, 4
