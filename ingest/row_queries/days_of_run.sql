select distinct (started at time zone 'UTC')::date as day from stage_run where started is not null
