insert into attribution_customercost
    (grain, day, customer, target_id, currency, billed_cost, effective_cost)
select case grain when 'day' then 'month' else 'target_month' end, %(month)s, customer, target_id,
       currency, sum(billed_cost), sum(effective_cost)
  from attribution_customercost
 where grain in ('day', 'target_day')
   and day >= %(month)s and day < %(month)s::date + interval '1 month'
 group by grain, customer, target_id, currency
