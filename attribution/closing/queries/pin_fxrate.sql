-- The rates of the month.
insert into attribution_pinned_fxrate
    (close_id, id, month, from_currency, to_currency, rate, origin)
select %(close)s, id, month, from_currency, to_currency, rate, origin
  from ingest_fxrate
 where month = %(month)s
