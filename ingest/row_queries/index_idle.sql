create index on stage_idle (device_uuid, t_start)
