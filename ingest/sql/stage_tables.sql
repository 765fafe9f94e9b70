-- A caller that loads several sets in one transaction meets the tables of the one before.
drop table if exists
    pg_temp.staged_series, pg_temp.staged_fact, pg_temp.staged_scope, pg_temp.staged_charge,
    pg_temp.charge_change;
create temporary table staged_series (
    number bigint not null,
    sha256 bytea not null,
    provider text not null,
    publisher text not null,
    invoice_issuer text not null,
    billing_account_id text not null,
    sub_account_id text not null,
    service_category text not null,
    service_subcategory text not null,
    service_name text not null,
    service_code text not null,
    sku_id text not null,
    sku_meter text not null,
    operation text not null,
    resource_id text not null,
    resource_type text not null,
    instance_type text not null,
    region_id text not null,
    availability_zone text not null,
    charge_category text not null,
    charge_class text not null,
    charge_frequency text not null,
    pricing_category text not null,
    commitment_discount_id text not null,
    commitment_discount_status text not null,
    billing_currency text not null,
    pricing_unit text not null,
    consumed_unit text not null,
    tags jsonb not null,
    extras jsonb not null,
    sub_account_name text not null,
    resource_name text not null,
    charge_description text not null
) on commit drop;
create temporary table staged_fact (
    series_number bigint not null,
    scope_number bigint not null,
    day date not null,
    long_period_end timestamptz,
    billing_period date not null,
    invoice_id text not null,
    rows bigint not null,
    billed_cost numeric(38, 18) not null,
    effective_cost numeric(38, 18) not null,
    list_cost numeric(38, 18),
    contracted_cost numeric(38, 18),
    pricing_quantity numeric(38, 18),
    consumed_quantity numeric(38, 18)
) on commit drop;
create temporary table staged_scope (
    number bigint not null,
    scope_id bigint not null,
    delivery_id bigint not null
) on commit drop;
