-- Workloads on GPUs that no map gives a model, feature, experiment or team, with their money.
select
    t.workload as name, g.currency,
    sum(g.gpu_ms) as gpu_ms,
    sum(case %(basis)s when 'billed' then g.billed_cost else g.effective_cost end) as cost,
    min(g.day) as first_day, max(g.day) as last_day
from attribution_gpuday g
join attribution_target t on t.id = g.target_id
where g.day >= %(start)s and g.day < %(end)s
    and t.workload <> '' and concat(t.model, t.feature, t.experiment, t.team) = ''
group by 1, 2
order by cost desc, 1, 2
