-- The prices that hold on any day of the month.
insert into attribution_pinned_price
    (close_id, id, provider, model, token_class, region, service_tier, context_over, per_units,
     price, discount_percent, currency, basis, valid_from, valid_to, origin, note, changed_at,
     changed_by_id)
select %(close)s, id, provider, model, token_class, region, service_tier, context_over,
       per_units, price, discount_percent, currency, basis, valid_from, valid_to, origin, note,
       changed_at, changed_by_id
  from ingest_price
 where valid_from < %(end)s and (valid_to is null or valid_to > %(start)s)
