select distinct (time at time zone 'UTC')::date as day from stage_usage
