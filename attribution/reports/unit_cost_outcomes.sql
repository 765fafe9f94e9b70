-- Results of the business per group under canonical names. Different outcomes are never added up:
-- `outcome` lists what they are.
with named as (
    select
        o.day, o.name, o.count, coalesce(af.canonical, o.feature) as feature,
        coalesce(ax.canonical, o.experiment) as experiment, coalesce(am.canonical, o.model) as model
    from ingest_outcome o
    left join lateral (
        select canonical from ingest_alias
        where dimension = 'feature' and raw = o.feature
            and (valid_from is null or valid_from <= o.day)
            and (valid_to is null or valid_to > o.day)
        order by valid_from desc nulls last, id desc limit 1
    ) af on true
    left join lateral (
        select canonical from ingest_alias
        where dimension = 'experiment' and raw = o.experiment
            and (valid_from is null or valid_from <= o.day)
            and (valid_to is null or valid_to > o.day)
        order by valid_from desc nulls last, id desc limit 1
    ) ax on true
    left join lateral (
        select canonical from ingest_alias
        where dimension = 'model' and raw = o.model
            and (valid_from is null or valid_from <= o.day)
            and (valid_to is null or valid_to > o.day)
        order by valid_from desc nulls last, id desc limit 1
    ) am on true
    where o.day >= %(start)s and o.day < %(end)s
)
select
    case %(granularity)s
        when 'total' then %(start)s::date
        when 'day' then day
        else date_trunc(%(granularity)s, day::timestamp)::date
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
