-- The idle money of the day's GPU time by hour, as the hours of its rows weigh; a row that tells no
-- hour keeps its money on no hour.
insert into attribution_gpuhour
    (source_id, day, hour, target_id, currency, gpu_ms, billed_cost, effective_cost)
with part as (
    select g.*, h.ms, h.nth - 1 as hour,
           sum(h.ms) over (partition by g.id order by h.nth rows unbounded preceding) as upto,
           sum(h.ms) over (partition by g.id) as total
      from attribution_gpuday g
      join attribution_target t on t.id = g.target_id and t.kind = 'idle'
     cross join lateral unnest(g.hours_ms) with ordinality h (ms, nth)
     where g.source_id = %(source)s and g.day = %(day)s
), told as (
    select source_id, day, hour, target_id, currency, ms as gpu_ms,
           aicost_part(billed_cost, upto, ms, total) as billed_cost,
           aicost_part(effective_cost, upto, ms, total) as effective_cost
      from part
     where total > 0 and ms > 0
    union all
    select g.source_id, g.day, null, g.target_id, g.currency, g.gpu_ms, g.billed_cost,
           g.effective_cost
      from attribution_gpuday g
      join attribution_target t on t.id = g.target_id and t.kind = 'idle'
     where g.source_id = %(source)s and g.day = %(day)s
       and not exists (select from unnest(g.hours_ms) ms where ms > 0)
)
select source_id, day, hour, target_id, currency, sum(gpu_ms), sum(billed_cost),
       sum(effective_cost)
  from told
 group by 1, 2, 3, 4, 5
