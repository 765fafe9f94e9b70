-- Of rows with the same key in one file keep one, whatever their order in it.
delete from stage_pod twice
using (
    select
        ctid,
        row_number() over (
            partition by node, cluster, namespace, pod, hour
            order by observed_ms desc, stage_pod::text
        ) as position
    from stage_pod
) ranked
where twice.ctid = ranked.ctid and ranked.position > 1
