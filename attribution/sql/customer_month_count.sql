-- How many the month has, so that a list need not count them.
update attribution_customersplit
   set month_customers = (select count(*) from attribution_customercost
                           where grain = 'customer_month' and day = %(month)s)
 where day >= %(month)s and day < %(month)s::date + interval '1 month'
