-- The effective rate last billed for one hour of each instance ('' stands for any of its type), over
-- the final days of the 30 before this one: a spot node and one on demand have rates of their own.
select c.source_id, lower(h.instance_type), h.billing_currency,
       case grouping(h.resource_id) when 1 then '' else h.resource_id end,
       round(sum(c.effective_cost) / sum(
           coalesce(c.consumed_quantity, c.pricing_quantity)
           * case when lower(coalesce(nullif(h.consumed_unit, ''), h.pricing_unit)) like 's%%'
                  then 1.0 / 3600 else 1 end), 30)
  from ingest_charge c
  join ingest_chargeseries h on h.id = c.series_id
  join attribution_daystate y on y.source_id = c.source_id and y.day = c.day
  join attribution_seriesclaim k on k.series_id = c.series_id and k.rule_set_id = y.rule_set_id
 where c.day >= %(day)s::date - 30 and c.day < %(day)s and c.source_id = any(%(sources)s)
   and c.day <= (%(final)s::jsonb ->> c.source_id::text)::date
   and k.instance_time and h.instance_type <> ''
   and coalesce(c.consumed_quantity, c.pricing_quantity) > 0
 group by grouping sets (
       (c.source_id, lower(h.instance_type), h.billing_currency),
       (c.source_id, lower(h.instance_type), h.billing_currency, h.resource_id))
having sum(c.effective_cost) > 0
 order by 1, 2, 3, 4
