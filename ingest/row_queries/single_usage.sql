-- Of rows with the same id in one file the latest stands, whatever their order in it.
delete from stage_usage twice
using (
    select
        ctid,
        row_number() over (
            partition by event_id order by time desc, stage_usage::text desc
        ) as position
    from stage_usage
    where event_id in (
        select event_id from stage_usage
        where event_id is not null
        group by event_id
        having count(*) > 1
    )
) ranked
where twice.ctid = ranked.ctid and ranked.position > 1
