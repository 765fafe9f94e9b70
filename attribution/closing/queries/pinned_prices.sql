select id, provider, model, token_class, region, service_tier, context_over, per_units, price,
       discount_percent, currency, basis, valid_from, valid_to, origin, note, changed_at,
       changed_by_id
  from attribution_pinned_price
 where close_id = %(close)s
 order by id
