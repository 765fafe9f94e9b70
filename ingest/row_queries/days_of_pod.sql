select distinct (hour at time zone 'UTC')::date as day from stage_pod
