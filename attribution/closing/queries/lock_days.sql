-- Nobody claims or publishes a day of the month until commit. A lease that has run out is taken
-- back: whoever held it finds it lost when publishing.
with held as (
    select id from attribution_daystate
     where day >= %(start)s and day < %(end)s
     order by id
       for update
)
update attribution_daystate s
   set claimed_by = '', lease_until = null
  from held
 where s.id = held.id and s.lease_until < clock_timestamp()
