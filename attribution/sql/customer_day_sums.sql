-- What of each target's day stands on customers.
insert into attribution_customercost
    (grain, day, customer, target_id, currency, billed_cost, effective_cost)
select 'target_day', day, '', target_id, currency, sum(billed_cost), sum(effective_cost)
  from attribution_customercost
 where grain = 'day' and day = %(day)s
 group by day, target_id, currency
