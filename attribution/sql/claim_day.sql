update attribution_daystate
   set claimed_by = %(worker)s,
       lease_until = clock_timestamp() + %(lease_seconds)s * interval '1 second'
 where id = (
     select id from attribution_daystate
      where dirty_version > published_version
        and (lease_until is null or lease_until < clock_timestamp())
        and (%(from)s::date is null or day >= %(from)s)
        and (%(to)s::date is null or day < %(to)s)
        and failure = ''
      order by day desc, source_id
      limit 1
      for update skip locked
 )
returning id, source_id, day, dirty_version,
          case when reasons = '{rules}' and published_version > 0 then rule_set_id end
