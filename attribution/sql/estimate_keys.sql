-- What a price is asked for, once each.
select distinct source_id, hour, provider, raw, model, region, service_tier, band, token_class
  from w_metered
 order by 1, 2, 3, 4, 5, 6, 7, 8, 9
