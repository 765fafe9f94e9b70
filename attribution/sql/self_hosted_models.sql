-- Models that run on GPUs of our own: what they cost is the GPUs' time, not a price per token.
select distinct t.model
  from attribution_gpuday g
  join attribution_target t on t.id = g.target_id
 where g.day >= %(start)s::date - 62 and g.day < %(end)s and t.model <> ''
union
select model from ingest_workloadmap
 where model <> ''
   and (valid_from is null or valid_from < %(end)s)
   and (valid_to is null or valid_to > %(start)s)
