-- Prices that live estimates of the day were made with: a later change of prices leaves them alone.
select distinct source_id, usage_source_id, hour, provider, model, region, service_tier,
       context_over, token_class, unit_price, price_basis, price_origin, currency
  from attribution_estimatedcost
 where superseded_at is null and unit_price is not null and resource_id = ''
   and hour >= %(day)s::date::timestamp at time zone 'UTC'
   and hour < (%(day)s::date + 1)::timestamp at time zone 'UTC'
