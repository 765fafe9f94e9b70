-- Bill sources of which estimates stand on the day.
select distinct source_id
  from attribution_estimatedcost
 where superseded_at is null
   and hour >= %(day)s::date::timestamp at time zone 'UTC'
   and hour < (%(day)s::date + 1)::timestamp at time zone 'UTC'
