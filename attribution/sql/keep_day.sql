-- The day stands as it was published, under another rule set; its month is not summed anew for it.
update attribution_daystate
   set published_version = %(version)s, claimed_by = '', lease_until = null, failure = '',
       rule_set_id = %(rule_set)s,
       spread_version = case when spread_version = published_version then %(version)s
                        else spread_version end,
       reasons = case when dirty_version = %(version)s then '{}' else reasons end
 where id = %(state)s and claimed_by = %(worker)s and published_version < %(version)s
returning id
