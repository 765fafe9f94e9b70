insert into attribution_customeruse
    (grain, day, customer, feature, model, team, requests, tokens)
select 'month', %(month)s, customer, feature, model, team, sum(requests), sum(tokens)
  from attribution_customeruse
 where grain = 'day' and day >= %(month)s and day < %(month)s::date + interval '1 month'
 group by customer, feature, model, team
