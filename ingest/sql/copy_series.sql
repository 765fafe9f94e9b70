copy staged_series (
    number, sha256, provider, publisher, invoice_issuer, billing_account_id, sub_account_id,
    service_category, service_subcategory, service_name, service_code, sku_id, sku_meter,
    operation, resource_id, resource_type, instance_type, region_id, availability_zone,
    charge_category, charge_class, charge_frequency, pricing_category, commitment_discount_id,
    commitment_discount_status, billing_currency, pricing_unit, consumed_unit, tags, extras,
    sub_account_name, resource_name, charge_description
) from stdin
