delete from attribution_gpusum
 where source_id = %(source)s
   and (grain = 'month' and day = %(month)s
        or grain = 'week' and day >= date_trunc('week', %(month)s::date)
           and day < %(month)s::date + interval '1 month')
