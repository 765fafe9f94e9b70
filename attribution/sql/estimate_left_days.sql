-- Days before the window of which estimates still stand: their bill came late.
select distinct (hour at time zone 'utc')::date as day
  from attribution_estimatedcost
 where superseded_at is null and hour < %(start)s::date::timestamp at time zone 'UTC'
 order by 1
