select id, month, from_currency, to_currency, rate, origin
  from attribution_pinned_fxrate
 where close_id = %(close)s
