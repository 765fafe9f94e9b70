-- Before the month is read: a day published meanwhile stays ahead, and is spread again.
update attribution_daystate
   set spread_version = published_version
 where source_id = %(source)s
   and day >= %(month)s and day < %(month)s::date + interval '1 month'
   and spread_version < published_version
