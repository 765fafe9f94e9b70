-- Active GPU time of training and experimentation by the names it stands on: what those hours cost
-- is split by it, so it is the quantity behind their money.
select
    case %(granularity)s
        when 'total' then %(start)s::date
        else (date_trunc(%(granularity)s, g.day - %(shift)s::interval) + %(shift)s::interval)::date
    end as period,
    t.feature, t.model, t.experiment, t.activity, sum(g.gpu_ms)::bigint as gpu_ms
from attribution_gpuday g
join attribution_target t on t.id = g.target_id
where g.day >= %(start)s and g.day < %(end)s
    and t.kind = 'workload' and t.activity in ('training', 'experimentation')
    and (%(teams)s::text[] is null or t.team = any(%(teams)s))
group by 1, 2, 3, 4, 5
