insert into attribution_customercost
    (grain, day, customer, target_id, currency, billed_cost, effective_cost)
select 'customer_month', %(month)s, customer, null, currency, sum(billed_cost), sum(effective_cost)
  from attribution_customercost
 where grain = 'month' and day = %(month)s
 group by customer, currency
