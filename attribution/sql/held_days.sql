-- Dirty days that others hold: by a lease, or by the lock of a close that is being made. They can
-- be claimed when the lease runs out or the lock is gone.
select count(*)
  from attribution_daystate
 where dirty_version > published_version
   and failure = ''
   and (%(from)s::date is null or day >= %(from)s)
   and (%(to)s::date is null or day < %(to)s)
