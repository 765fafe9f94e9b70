-- New series are added; of known ones only the display texts may change.
insert into ingest_chargeseries as known (
    source_id, sha256, provider, publisher, invoice_issuer, billing_account_id, sub_account_id,
    service_category, service_subcategory, service_name, service_code, sku_id, sku_meter,
    operation, resource_id, resource_type, instance_type, region_id, availability_zone,
    charge_category, charge_class, charge_frequency, pricing_category, commitment_discount_id,
    commitment_discount_status, billing_currency, pricing_unit, consumed_unit, tags, extras,
    sub_account_name, resource_name, charge_description
)
select distinct on (sha256)
    %(source)s, sha256, provider, publisher, invoice_issuer, billing_account_id, sub_account_id,
    service_category, service_subcategory, service_name, service_code, sku_id, sku_meter,
    operation, resource_id, resource_type, instance_type, region_id, availability_zone,
    charge_category, charge_class, charge_frequency, pricing_category, commitment_discount_id,
    commitment_discount_status, billing_currency, pricing_unit, consumed_unit, tags, extras,
    sub_account_name, resource_name, charge_description
from staged_series
order by sha256, sub_account_name, resource_name, charge_description
on conflict (source_id, sha256) do update
set sub_account_name = excluded.sub_account_name,
    resource_name = excluded.resource_name,
    charge_description = excluded.charge_description
where (known.sub_account_name, known.resource_name, known.charge_description)
    is distinct from
    (excluded.sub_account_name, excluded.resource_name, excluded.charge_description)
