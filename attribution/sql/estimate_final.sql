-- The bill of these sources is final for the day: their estimates give way to it.
update attribution_estimatedcost
   set superseded_at = now(), superseded_by = 'bill'
 where superseded_at is null
   and hour >= %(day)s::date::timestamp at time zone 'UTC'
   and hour < (%(day)s::date + 1)::timestamp at time zone 'UTC'
   and source_id = any(%(final)s)
