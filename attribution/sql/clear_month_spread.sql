-- What the spread of the month added, and the month's own sums.
with rollup as (
    delete from attribution_costday
     where source_id = %(source)s and is_month_spread
       and day >= %(month)s and day < %(month)s::date + interval '1 month'
)
delete from attribution_costsum
 where source_id = %(source)s
   and (is_month_spread or grain in ('target_month', 'service_month', 'all_month'))
   and grain in ('target', 'service', 'target_month', 'service_month', 'all_month')
   and day >= %(month)s and day < %(month)s::date + interval '1 month'
