-- Is there any bucket longer than 5 minutes, coming or present, that could overlap another?
select
    exists (select from stage_interval where t_end - t_start > interval '5 minutes')
    or exists (
        select from ingest_gpuinterval old
        where old.source_id = %(source_id)s
            and old.t_start >= (select min(t_start) - interval '1 hour' from stage_interval)
            and old.t_start < (select max(t_end) from stage_interval)
            and old.t_end - old.t_start > interval '5 minutes'
    )
