-- Money of training by period and target: what was active, and its own idle time. What trains is
-- few among targets, so its sums are found by target, those of the pieces that count.
with piece as materialized (
    select * from aicost_pieces(%(start)s, %(end)s, 'target', %(step)s, '{}')
)
select
    case %(granularity)s
        when 'total' then %(start)s::date
        when 'day' then c.day
        else (date_trunc(%(granularity)s, c.day - %(shift)s::interval) + %(shift)s::interval)::date
    end as period,
    t.model, t.experiment, t.feature, t.team, c.currency,
    sum(case %(basis)s when 'billed' then c.billed_cost else c.effective_cost end)
        filter (where t.kind = 'workload') as active_cost,
    sum(case %(basis)s when 'billed' then c.billed_cost else c.effective_cost end)
        filter (where t.kind = 'idle') as idle_cost
from attribution_target t
join attribution_costsum c on c.target_id = t.id
join piece p on p.grain = c.grain and p.source_id = c.source_id and p.first = c.day
where t.activity = 'training' and t.kind in ('workload', 'idle')
    and (%(teams)s::text[] is null or t.team = any(%(teams)s))
    and (%(f_model)s::text[] is null or t.model = any(%(f_model)s))
    and (%(f_experiment)s::text[] is null or t.experiment = any(%(f_experiment)s))
    and (%(f_feature)s::text[] is null or t.feature = any(%(f_feature)s))
    and (%(f_team)s::text[] is null or t.team = any(%(f_team)s))
group by 1, 2, 3, 4, 5, 6
