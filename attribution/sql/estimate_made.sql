-- What should stand of the day: one row a key.
create temp table w_made on commit drop as
select p.source_id, p.usage_source_id, p.hour, t.id as target_id, p.provider,
       p.subject as model, p.resource_id, p.region, p.service_tier, p.context_over, p.token_class,
       p.unit_price, p.price_basis, p.price_origin, p.currency,
       round(sum(p.quantity), 18) as quantity,
       round(round(sum(p.quantity), 18) * p.unit_price, 18) as estimated_cost
  from w_part p
  join attribution_target t on t.key = p.key
 group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
