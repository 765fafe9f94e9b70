-- How many charges one bill has.
select count(*) as charges
from ingest_charge c
join ingest_chargeseries h on h.id = c.series_id
join ingest_source s on s.id = c.source_id
where s.name = %(source)s and c.billing_period = %(month)s and h.billing_currency = %(currency)s
