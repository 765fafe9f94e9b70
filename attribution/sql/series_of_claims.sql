-- Series as rules are asked of them.
select s.id, s.source_id, s.provider, s.publisher, s.invoice_issuer, s.billing_account_id,
       s.sub_account_id, s.service_category, s.service_subcategory, s.service_name,
       s.service_code, s.sku_id, s.sku_meter, s.operation, s.resource_id, s.resource_type,
       s.instance_type, s.region_id, s.availability_zone, s.charge_category, s.charge_class,
       s.charge_frequency, s.pricing_category, s.commitment_discount_id,
       s.commitment_discount_status, s.billing_currency, s.pricing_unit, s.consumed_unit,
       s.tags, s.extras, s.sub_account_name, s.resource_name, s.charge_description
  from ingest_chargeseries s
 where s.id = any(%(ids)s)
 order by s.id
