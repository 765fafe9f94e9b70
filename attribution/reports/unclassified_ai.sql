-- Usage that no rule could place, and instance time, by series: whether it is AI is asked of its
-- words. Claims are those under which each day was published.
select
    s.provider, s.service_category, s.service_subcategory, s.service_name, s.service_code,
    s.sku_meter, s.instance_type, s.charge_description, s.charge_category, s.consumed_unit,
    s.pricing_unit, s.billing_currency, k.instance_time,
    sum(case %(basis)s when 'billed' then c.billed_cost else c.effective_cost end) as cost,
    min(c.day) as first_day, max(c.day) as last_day
from ingest_charge c
join ingest_chargeseries s on s.id = c.series_id
join attribution_daystate d on d.source_id = c.source_id and d.day = c.day
join attribution_seriesclaim k on k.rule_set_id = d.rule_set_id and k.series_id = c.series_id
where c.day >= %(start)s and c.day < %(end)s and s.charge_category = 'Usage'
    and s.commitment_discount_status <> 'Unused'
    and (k.instance_time or (k.kind = 'unattributed' and k.model = ''))
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
