delete from attribution_costsum
 where grain in ('target_week', 'service_week', 'all_week') and source_id = %(source)s
   and day >= date_trunc('week', %(month)s::date)
   and day < %(month)s::date + interval '1 month'
