update attribution_daystate
   set published_version = %(version)s, published_at = now(), claimed_by = '',
       lease_until = null, failure = '', rule_set_id = %(rule_set)s,
       reasons = case when dirty_version = %(version)s then '{}' else reasons end
 where id = %(state)s and claimed_by = %(worker)s and published_version < %(version)s
returning id
