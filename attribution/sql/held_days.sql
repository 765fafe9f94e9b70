-- Dirty days that other workers hold; when a lease runs out they can be claimed.
select count(*)
  from attribution_daystate
 where dirty_version > published_version
   and lease_until >= clock_timestamp()
   and failure = ''
   and (%(from)s::date is null or day >= %(from)s)
   and (%(to)s::date is null or day < %(to)s)
