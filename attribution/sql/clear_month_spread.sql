delete from attribution_costday
 where source_id = %(source)s and is_month_spread
   and day >= %(month)s and day < %(month)s::date + interval '1 month'
