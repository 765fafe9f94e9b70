-- The last score up to the end of the period of every version, measure and data set; whether all
-- scores of the measure are shares of 1. Whoever sees only some teams sees models that no other
-- team pays for, since what a version costs is of all who call it.
with alias as materialized (
    select * from aicost_alias_days(%(end)s::date - 1, %(end)s)
),
score as (
    select
        coalesce(am.canonical, q.model) as model, q.model_version,
        coalesce(ax.canonical, q.experiment) as experiment, q.measure, q.dataset, q.score, q.day,
        q.id, bool_and(q.score between 0 and 1) over (partition by q.measure) as is_share
    from ingest_qualityscore q
    left join alias am on am.dimension = 'model' and am.raw = q.model
    left join alias ax on ax.dimension = 'experiment' and ax.raw = q.experiment
    where q.day < %(end)s
)
select distinct on (s.model, s.model_version, s.measure, s.dataset)
    coalesce(e.above, s.model) as base_model, s.model, s.model_version, s.experiment, s.measure,
    s.dataset, s.score, s.day as scored_on, s.is_share
from score s
left join attribution_entityabove e
    on e.level = 'base_model' and e.name = s.model
    and (e.valid_from is null or e.valid_from < %(end)s)
    and (e.valid_to is null or e.valid_to >= %(end)s)
where (%(f_model)s::text[] is null or s.model = any(%(f_model)s))
    and (%(f_base_model)s::text[] is null or coalesce(e.above, s.model) = any(%(f_base_model)s))
    and (%(teams)s::text[] is null or (
        exists (
            select from attribution_target t
            where t.model = s.model and t.team = any(%(teams)s))
        and not exists (
            select from attribution_target t
            where t.model = s.model and t.activity = 'inference' and t.kind in ('workload', 'idle')
                and t.team <> all(%(teams)s))))
order by s.model, s.model_version, s.measure, s.dataset, s.day desc, s.id desc
