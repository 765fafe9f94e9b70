with cost as (
    delete from attribution_customercost
     where grain in ('month', 'customer_month', 'target_month') and day = %(month)s
)
delete from attribution_customeruse where grain = 'month' and day = %(month)s
