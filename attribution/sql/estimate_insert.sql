-- What should stand of the day and does not yet.
insert into attribution_estimatedcost (
    source_id, usage_source_id, hour, target_id, provider, model, resource_id, region,
    service_tier, context_over, token_class, quantity, unit_price, price_basis, price_origin,
    estimated_cost, currency)
select m.source_id, m.usage_source_id, m.hour, m.target_id, m.provider, m.model, m.resource_id,
       m.region, m.service_tier, m.context_over, m.token_class, m.quantity, m.unit_price,
       m.price_basis, m.price_origin, m.estimated_cost, m.currency
  from w_made m
 where m.source_id = any(%(open)s)
   and not exists (
       select from attribution_estimatedcost e
        where e.superseded_at is null
          and e.source_id = m.source_id and e.usage_source_id = m.usage_source_id
          and e.hour = m.hour and e.target_id = m.target_id and e.provider = m.provider
          and e.model = m.model and e.resource_id = m.resource_id and e.region = m.region
          and e.service_tier = m.service_tier and e.context_over = m.context_over
          and e.token_class = m.token_class and e.currency = m.currency
          and e.price_basis = m.price_basis and e.price_origin = m.price_origin
          and e.quantity = m.quantity and e.unit_price is not distinct from m.unit_price
   )
