-- The last score of every version, measure and data set of an experiment up to the end of the
-- period, with the best that was known before its first one from outside it, by the same measure on
-- the same data set of the same base model.
with alias as materialized (
    select * from aicost_alias_days(%(end)s::date - 1, %(end)s)
),
score as (
    select
        coalesce(e.above, am.canonical, q.model) as base_model, q.model_version,
        coalesce(am.canonical, q.model) as model,
        coalesce(ax.canonical, q.experiment) as experiment, q.measure, q.dataset, q.score, q.day,
        q.id, bool_and(q.score between 0 and 1) over (partition by q.measure) as is_share,
        first_value(q.better) over (
            partition by q.measure order by q.better = '', q.day desc, q.id desc) as told_better
    from ingest_qualityscore q
    left join alias am on am.dimension = 'model' and am.raw = q.model
    left join alias ax on ax.dimension = 'experiment' and ax.raw = q.experiment
    left join attribution_entityabove e
        on e.level = 'base_model' and e.name = coalesce(am.canonical, q.model)
        and (e.valid_from is null or e.valid_from < %(end)s)
        and (e.valid_to is null or e.valid_to >= %(end)s)
    where q.day < %(end)s
),
own as (
    select distinct on (experiment, model, model_version, measure, dataset)
        *, min(day) over (partition by experiment, base_model, measure, dataset) as began,
        count(*) over (partition by experiment, base_model, measure, dataset) as scores
    from score
    where experiment <> ''
        and (%(f_experiment)s::text[] is null or experiment = any(%(f_experiment)s))
    order by experiment, model, model_version, measure, dataset, day desc, id desc
)
select
    o.experiment, o.base_model, o.model, o.model_version, o.measure, o.dataset, o.score, o.scores,
    o.is_share, o.told_better, b.highest, b.lowest
from own o
left join lateral (
    select max(l.score) as highest, min(l.score) as lowest
    from (
        select distinct on (s.model, s.model_version) s.score
        from score s
        where s.base_model = o.base_model and s.measure = o.measure and s.dataset = o.dataset
            and s.experiment <> o.experiment and s.day < o.began
        order by s.model, s.model_version, s.day desc, s.id desc
    ) l
) b on true
order by o.experiment, o.scores desc, o.base_model, o.measure, o.dataset, o.model, o.model_version
