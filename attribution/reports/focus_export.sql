-- Every allocated charge of the period as a FOCUS row: the parts stand for their origin charge.
-- A part of a split carries the allocation columns of FOCUS 1.3.
select
    a.billed_cost as "BilledCost",
    a.effective_cost as "EffectiveCost",
    coalesce(a.list_cost, a.contracted_cost, a.billed_cost) as "ListCost",
    coalesce(a.contracted_cost, a.billed_cost) as "ContractedCost",
    null::numeric as "ListUnitPrice",
    null::numeric as "ContractedUnitPrice",
    h.billing_currency as "BillingCurrency",
    coalesce(nullif(h.extras ->> 'PricingCurrency', ''), h.billing_currency) as "PricingCurrency",
    case when coalesce(h.extras ->> 'PricingCurrency', '') in ('', h.billing_currency)
        then a.effective_cost end as "PricingCurrencyEffectiveCost",
    null::numeric as "PricingCurrencyListUnitPrice",
    null::numeric as "PricingCurrencyContractedUnitPrice",
    h.charge_category as "ChargeCategory",
    nullif(h.charge_class, '') as "ChargeClass",
    nullif(h.charge_description, '') as "ChargeDescription",
    case when h.charge_frequency in ('One-Time', 'Recurring', 'Usage-Based')
        then h.charge_frequency end as "ChargeFrequency",
    a.day::timestamp at time zone 'UTC' as "ChargePeriodStart",
    coalesce(c.long_period_end, (a.day + 1)::timestamp at time zone 'UTC') as "ChargePeriodEnd",
    c.billing_period::timestamp at time zone 'UTC' as "BillingPeriodStart",
    (c.billing_period + interval '1 month') at time zone 'UTC' as "BillingPeriodEnd",
    h.billing_account_id as "BillingAccountId",
    null::text as "BillingAccountName",
    'Billing account' as "BillingAccountType",
    nullif(h.sub_account_id, '') as "SubAccountId",
    nullif(h.sub_account_name, '') as "SubAccountName",
    case when h.sub_account_id <> '' then 'Sub account' end as "SubAccountType",
    nullif(c.invoice_id, '') as "InvoiceId",
    coalesce(nullif(h.invoice_issuer, ''), nullif(h.provider, ''), s.name) as "InvoiceIssuerName",
    nullif(h.commitment_discount_id, '') as "CommitmentDiscountId",
    null::text as "CommitmentDiscountName",
    k.category as "CommitmentDiscountCategory",
    k.type as "CommitmentDiscountType",
    k.status as "CommitmentDiscountStatus",
    k.quantity as "CommitmentDiscountQuantity",
    k.unit as "CommitmentDiscountUnit",
    nullif(h.extras ->> 'CapacityReservationId', '') as "CapacityReservationId",
    case when coalesce(h.extras ->> 'CapacityReservationId', '') <> ''
        then nullif(h.extras ->> 'CapacityReservationStatus', '')
    end as "CapacityReservationStatus",
    nullif(h.resource_id, '') as "ResourceId",
    case when h.resource_id <> '' then nullif(h.resource_name, '') end as "ResourceName",
    case when h.resource_id <> ''
        then coalesce(nullif(h.resource_type, ''), h.service_name) end as "ResourceType",
    f.service_category as "ServiceCategory",
    coalesce(nullif(h.service_subcategory, ''), format('Other (%%s)', f.service_category))
        as "ServiceSubcategory",
    coalesce(nullif(h.service_name, ''), nullif(h.service_code, ''), 'Unnamed') as "ServiceName",
    nullif(h.region_id, '') as "RegionId",
    nullif(h.region_id, '') as "RegionName",
    nullif(h.availability_zone, '') as "AvailabilityZone",
    coalesce(nullif(h.provider, ''), nullif(h.invoice_issuer, ''), s.name) as "ProviderName",
    coalesce(nullif(h.publisher, ''), nullif(h.provider, ''), s.name) as "PublisherName",
    case when f.tax then null else nullif(h.sku_id, '') end as "SkuId",
    case when f.tax then null else nullif(h.sku_id, '') end as "SkuPriceId",
    case when f.tax then null else nullif(h.sku_meter, '') end as "SkuMeter",
    null::text as "SkuPriceDetails",
    case when f.tax then null else nullif(h.pricing_category, '') end as "PricingCategory",
    case when not f.tax then coalesce(a.pricing_quantity, a.consumed_quantity) end
        as "PricingQuantity",
    case when not f.tax and coalesce(a.pricing_quantity, a.consumed_quantity) is not null
        then coalesce(nullif(h.pricing_unit, ''), nullif(h.consumed_unit, ''), 'Units') end
        as "PricingUnit",
    case when f.consumes then a.consumed_quantity end as "ConsumedQuantity",
    case when f.consumes and a.consumed_quantity is not null
        then coalesce(nullif(h.consumed_unit, ''), 'Units') end as "ConsumedUnit",
    h.tags::text as "Tags",
    m.method as "AllocatedMethodId",
    case when m.method is not null then m.details end as "AllocatedMethodDetails",
    case when m.method is not null then m.receiver end as "AllocatedResourceId",
    case when m.method is not null then m.receiver end as "AllocatedResourceName",
    case when m.method is not null then m.tags end as "AllocatedTags",
    s.name as "x_Source",
    t.kind as "x_TargetKind",
    t.state as "x_TargetState",
    t.activity as "x_Activity",
    nullif(t.workload, '') as "x_Workload",
    nullif(t.model, '') as "x_Model",
    nullif(t.feature, '') as "x_Feature",
    nullif(t.experiment, '') as "x_Experiment",
    nullif(t.team, '') as "x_Team",
    nullif(t.environment, '') as "x_Environment",
    a.evidence as "x_Evidence",
    r.key as "x_Rule",
    a.charge_id::text as "x_ChargeId",
    nullif(concat_ws(',', case when a.list_cost is null then 'ListCost' end,
        case when a.contracted_cost is null then 'ContractedCost' end,
        case when f.priced and a.pricing_quantity is null then 'PricingQuantity,PricingUnit' end,
        case when f.priced and h.sku_id = '' then 'SkuId,SkuPriceId' end,
        case when f.priced and h.pricing_category = '' then 'PricingCategory' end,
        case when f.priced and f.consumes and a.consumed_quantity is null
            then 'ConsumedQuantity,ConsumedUnit' end), '') as "x_UnknownColumns"
from attribution_allocatedcharge a
join ingest_charge c on c.day = a.day and c.id = a.charge_id
join ingest_chargeseries h on h.id = c.series_id
join ingest_source s on s.id = a.source_id
join attribution_target t on t.id = a.target_id
join attribution_allocationrule r on r.id = a.rule_id
cross join lateral (
    select
        case when h.service_category = any(%(categories)s)
            then h.service_category else 'Other' end as service_category,
        h.charge_category = 'Tax' as tax,
        h.charge_category = 'Usage' and h.commitment_discount_status <> 'Unused' as consumes,
        h.charge_category in ('Usage', 'Purchase') and h.charge_class <> 'Correction' as priced,
        h.commitment_discount_id <> '' as commits,
        case when h.commitment_discount_id ~* 'savings' then 'Spend' else 'Usage' end as commitment
) f
cross join lateral (
    select
        case when f.commits then f.commitment end as category,
        case when f.commits then coalesce(nullif(h.extras ->> 'CommitmentDiscountType', ''),
            case f.commitment when 'Spend' then 'Savings Plan' else 'Reservation' end) end as type,
        case when f.commits and h.charge_category = 'Usage'
            then coalesce(nullif(h.commitment_discount_status, ''), 'Used') end as status,
        case when f.commits and h.charge_category in ('Usage', 'Purchase')
            then case f.commitment when 'Spend'
                then case h.charge_category when 'Usage' then a.effective_cost
                    else a.billed_cost end
                else a.pricing_quantity end end as quantity,
        case when f.commits and h.charge_category in ('Usage', 'Purchase')
            then case f.commitment when 'Spend' then h.billing_currency
                else coalesce(nullif(h.pricing_unit, ''), 'Units') end end as unit
) k
cross join lateral (
    select
        case when a.weight < a.total_weight or a.weight2 < a.total_weight2
            then format('%%s-%%s', r.key, r.version) end as method,
        json_build_object('Elements', json_build_array(json_build_object(
            'AllocatedRatio', trim_scale(round(
                a.weight::numeric / nullif(a.total_weight, 0)
                * coalesce(a.weight2::numeric / nullif(a.total_weight2, 0), 1), 18)),
            'UsageUnit', %(units)s::jsonb ->> r.method,
            'UsageQuantity', a.weight)))::text as details,
        coalesce(nullif(t.workload, ''), nullif(t.model, ''), nullif(t.feature, ''),
            nullif(t.experiment, ''), nullif(t.team, ''), t.kind || '/' || t.state) as receiver,
        jsonb_strip_nulls(jsonb_build_object('workload', nullif(t.workload, ''),
            'model', nullif(t.model, ''), 'feature', nullif(t.feature, ''),
            'experiment', nullif(t.experiment, ''), 'team', nullif(t.team, ''),
            'environment', nullif(t.environment, '')))::text as tags
) m
where a.day >= %(start)s and a.day < %(end)s and c.day >= %(start)s and c.day < %(end)s
    and (%(f_source)s::text[] is null or s.name = any(%(f_source)s))
order by a.day, s.name, a.charge_id, a.stage1_target_id, a.target_id
