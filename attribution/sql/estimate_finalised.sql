-- Bill sources whose final bill has superseded estimates of the day.
select distinct source_id
  from attribution_estimatedcost
 where superseded_by = 'bill'
   and hour >= %(day)s::date::timestamp at time zone 'UTC'
   and hour < (%(day)s::date + 1)::timestamp at time zone 'UTC'
