-- What each version of the models that were ever scored costs, and its last scores.
--
-- Scores: the last up to the end of the period of every version, measure and data set; `is_share`
-- when all scores of the measure lie from 0 to 1; `told_better` is which way is better, as the
-- newest score of the measure that says so tells. Whoever sees only some teams sees models that no
-- other team pays for, since what a version costs is of all who call it.
--
-- Cost: of the days on which a version shares no pool with another: a pool is one workload,
-- experiment and environment of a model, and calls that do not tell one of these agree with any. Of
-- a version without such a day in the period, the last as many days as the period has. `leads`: it
-- answers most calls of the last day; `before_…` led before it.
with alias as materialized (
    select * from aicost_alias_days(%(since)s, %(end)s)
),
score as (
    select
        coalesce(am.canonical, q.model) as model, q.model_version as version,
        coalesce(ax.canonical, q.experiment) as experiment, q.measure, q.dataset, q.score, q.day,
        q.id, bool_and(q.score between 0 and 1) over (partition by q.measure) as is_share,
        first_value(q.better) over (
            partition by q.measure order by q.better = '', q.day desc, q.id desc) as told_better
    from ingest_qualityscore q
    left join alias am
        on am.day = %(end)s::date - 1 and am.dimension = 'model' and am.raw = q.model
    left join alias ax
        on ax.day = %(end)s::date - 1 and ax.dimension = 'experiment' and ax.raw = q.experiment
    where q.day < %(end)s
),
scored as materialized (
    select distinct on (s.model, s.version, s.measure, s.dataset)
        coalesce(e.above, s.model) as base_model, s.*
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
                where t.model = s.model and t.activity = 'inference'
                    and t.kind in ('workload', 'idle') and t.team <> all(%(teams)s))))
    order by s.model, s.version, s.measure, s.dataset, s.day desc, s.id desc
),
told as (
    select
        base_model, model, version,
        jsonb_agg(jsonb_build_object(
            'measure', measure, 'dataset', dataset, 'experiment', experiment,
            'score', score::text, 'scored_on', day, 'is_share', is_share,
            'told_better', told_better)) as scores
    from scored
    group by 1, 2, 3
),
named as (
    select
        u.day, coalesce(am.canonical, u.model) as model, u.model_version as version,
        coalesce(aw.canonical, u.workload) as workload,
        coalesce(ax.canonical, u.experiment) as experiment,
        coalesce(ae.canonical, u.environment) as environment, u.requests
    from ingest_usageday u
    join ingest_source s on s.id = u.source_id and s.usage_role <> 'provider_count'
    left join alias am on am.day = u.day and am.dimension = 'model' and am.raw = u.model
    left join alias aw on aw.day = u.day and aw.dimension = 'workload' and aw.raw = u.workload
    left join alias ax
        on ax.day = u.day and ax.dimension = 'experiment' and ax.raw = u.experiment
    left join alias ae
        on ae.day = u.day and ae.dimension = 'environment' and ae.raw = u.environment
    where u.day >= %(since)s and u.day < %(end)s and u.activity in ('', 'inference')
        and u.requests > 0
),
called as materialized (
    select day, model, version, workload, experiment, environment, sum(requests) as requests
    from named
    where model in (select model from scored)
    group by 1, 2, 3, 4, 5, 6
),
money as materialized (
    select
        c.day, t.model, t.workload, t.experiment, t.environment, c.currency,
        sum(case %(basis)s when 'billed' then c.billed_cost else c.effective_cost end)
            filter (where t.kind = 'workload') as marginal_cost,
        sum(case %(basis)s when 'billed' then c.billed_cost else c.effective_cost end)
            filter (where t.kind = 'idle') as idle_cost
    from attribution_target t
    -- Scored models are few: their days are found by target, whatever else the ledger has. `offset
    -- 0` keeps the planner, who thinks them many, from reading all days.
    cross join lateral (
        select * from attribution_costsum s
        where s.target_id = t.id and s.grain = 'target' and s.day >= %(since)s and s.day < %(end)s
        offset 0
    ) c
    where t.model in (select model from scored) and t.activity = 'inference'
        and t.kind in ('workload', 'idle')
    group by 1, 2, 3, 4, 5, 6
),
agreed as (
    select
        m.*, r.version, r.requests, r.workload as r_workload, r.experiment as r_experiment,
        r.environment as r_environment
    from money m
    join called r
        on r.day = m.day and r.model = m.model
        and (r.workload in ('', m.workload) or m.workload = '')
        and (r.experiment in ('', m.experiment) or m.experiment = '')
        and (r.environment in ('', m.environment) or m.environment = '')
),
pooled as (
    -- Money counts once a pool, calls once a row, however often they agree.
    select
        a.*, min(version) over pool = max(version) over pool as alone,
        row_number() over (pool_once order by version, r_workload, r_experiment, r_environment)
            as nth_of_pool,
        row_number() over (calls_once order by workload, experiment, environment) as nth_of_calls
    from agreed a
    window pool as (partition by day, model, workload, experiment, environment),
        pool_once as (partition by day, model, workload, experiment, environment, currency),
        calls_once as (
            partition by day, model, version, r_workload, r_experiment, r_environment, currency)
),
own as (
    select
        day, model, version, currency,
        sum(marginal_cost) filter (where nth_of_pool = 1) as marginal_cost,
        sum(idle_cost) filter (where nth_of_pool = 1) as idle_cost,
        sum(requests) filter (where nth_of_calls = 1) as requests
    from (
        select p.*, bool_and(alone) over (partition by day, model, version) as apart
        from pooled p
    ) p
    where apart
    group by 1, 2, 3, 4
),
cost as (
    select
        model, version, currency, sum(marginal_cost) as marginal_cost,
        sum(idle_cost) as idle_cost, sum(requests) as requests_alone, min(day) as cost_from,
        max(day) as cost_through
    from (select o.*, max(day) over (partition by model, version) as last_day from own o) o
    where day >= case when last_day >= %(start)s then %(start)s::date
        else last_day - (%(end)s::date - %(start)s::date) + 1 end
    group by 1, 2, 3
),
version as (
    select
        r.model, r.version, coalesce(e.above, r.model) as base_model,
        sum(r.requests) filter (where r.day >= %(start)s) as requests,
        min(r.day) as first_call, max(r.day) as last_call
    from called r
    left join attribution_entityabove e
        on e.level = 'base_model' and e.name = r.model
        and (e.valid_from is null or e.valid_from < %(end)s)
        and (e.valid_to is null or e.valid_to >= %(end)s)
    group by 1, 2, 3
),
leader as (
    select distinct on (v.base_model, r.day) v.base_model, r.day, r.model, r.version
    from called r
    join version v using (model, version)
    group by 1, 2, 3, 4
    order by 1, 2, sum(r.requests) desc, 3, 4
),
change as (
    select
        base_model, day, model, version,
        lag(model) over w as before_model, lag(version) over w as before_version
    from leader
    window w as (partition by base_model order by day)
),
lead as (
    select distinct on (base_model)
        base_model, day as led_from, model, version, before_model, before_version
    from change
    where before_model is null or (before_model, before_version) <> (model, version)
    order by base_model, day desc
)
select
    coalesce(v.base_model, s.base_model) as base_model, coalesce(v.model, s.model) as model,
    coalesce(v.version, s.version) as model_version, s.scores, v.requests::bigint as requests,
    v.first_call, v.last_call, k.currency, k.marginal_cost, k.idle_cost,
    k.requests_alone::bigint as requests_alone, k.cost_from, k.cost_through,
    l.model is not null as leads, l.led_from, l.before_model, l.before_version
from version v
full join told s on s.model = v.model and s.version = v.version
left join cost k on k.model = v.model and k.version = v.version
left join lead l
    on l.base_model = v.base_model and l.model = v.model and l.version = v.version
order by 1, 2, 3, k.currency
