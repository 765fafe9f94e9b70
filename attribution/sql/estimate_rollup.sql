-- The day's estimates in force as reports read them, from nothing.
insert into attribution_estimatedday
    (day, source_id, target_id, provider, model, resource_id, currency, estimated_cost)
select %(day)s, source_id, target_id, provider, model, resource_id, currency, sum(estimated_cost)
  from attribution_estimatedcost
 where superseded_at is null
   and hour >= %(day)s::date::timestamp at time zone 'UTC'
   and hour < (%(day)s::date + 1)::timestamp at time zone 'UTC'
 group by source_id, target_id, provider, model, resource_id, currency
