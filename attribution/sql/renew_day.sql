update attribution_daystate
   set lease_until = clock_timestamp() + %(lease_seconds)s * interval '1 second'
 where claimed_by = %(worker)s
