-- The series charged, and which rules claim each now; null where nobody has asked yet.
select s.id, s.source_id, s.provider, s.publisher, s.invoice_issuer, s.billing_account_id,
       s.sub_account_id, s.service_category, s.service_subcategory, s.service_name,
       s.service_code, s.sku_id, s.sku_meter, s.operation, s.resource_id, s.resource_type,
       s.instance_type, s.region_id, s.availability_zone, s.charge_category, s.charge_class,
       s.charge_frequency, s.pricing_category, s.commitment_discount_id,
       s.commitment_discount_status, s.billing_currency, s.pricing_unit, s.consumed_unit,
       s.tags, s.extras, s.sub_account_name, s.resource_name, s.charge_description,
       k.rule_id, k.resource_rule_id, k.pod_rule_id
  from ingest_chargeseries s
  left join attribution_seriesclaim k on k.series_id = s.id and k.rule_set_id = %(rule_set)s
 where s.id in (select series_id from ingest_charge where day >= %(start)s and day < %(end)s)
