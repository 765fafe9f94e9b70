select distinct (t_start at time zone 'UTC')::date as day from stage_interval
