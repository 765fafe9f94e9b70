-- Is there a bucket in force over the time of the coming ones, and any of them longer than 5
-- minutes, so that one could overlap another?
with span as (
    select min(t_start) as first_start, max(t_end) as last_end, max(t_end - t_start) as longest
    from stage_interval
)
select exists (
    select from ingest_gpuinterval old
    cross join span
    where old.source_id = %(source_id)s
        and old.t_start >= (select min(t_start) - interval '1 hour' from stage_interval)
        and old.t_start < (select max(t_end) from stage_interval)
        and old.t_end > span.first_start
        and greatest(old.t_end - old.t_start, span.longest) > interval '5 minutes'
)
