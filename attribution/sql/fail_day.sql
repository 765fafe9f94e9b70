update attribution_daystate
   set failure = %(failure)s, claimed_by = '', lease_until = null
 where id = %(state)s and claimed_by = %(worker)s
