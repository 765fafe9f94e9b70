select currency, sum(billed_cost), sum(effective_cost)
  from attribution_reportedcost
 where close_id = %(close)s
 group by currency
 order by currency
