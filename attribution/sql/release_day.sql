update attribution_daystate
   set claimed_by = '', lease_until = null
 where id = %(state)s and claimed_by = %(worker)s
