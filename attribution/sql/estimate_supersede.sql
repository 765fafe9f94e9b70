-- What stands of the day and should not, or not so, is superseded; never deleted.
update attribution_estimatedcost e
   set superseded_at = now(), superseded_by = 'estimate'
 where e.superseded_at is null
   and e.hour >= %(day)s::date::timestamp at time zone 'UTC'
   and e.hour < (%(day)s::date + 1)::timestamp at time zone 'UTC'
   and e.source_id = any(%(open)s)
   and not exists (
       select from w_made m
        where m.source_id = e.source_id and m.usage_source_id = e.usage_source_id
          and m.hour = e.hour and m.target_id = e.target_id and m.provider = e.provider
          and m.model = e.model and m.resource_id = e.resource_id and m.region = e.region
          and m.service_tier = e.service_tier and m.context_over = e.context_over
          and m.token_class = e.token_class and m.currency = e.currency
          and m.price_basis = e.price_basis and m.price_origin = e.price_origin
          and m.quantity = e.quantity and m.unit_price is not distinct from e.unit_price
   )
