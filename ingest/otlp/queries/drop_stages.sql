-- Of an earlier fold in the same transaction; otherwise they went with theirs.
drop table if exists
    pg_temp.stage_call, pg_temp.stage_link, pg_temp.stage_node, pg_temp.stage_repeat
