-- DuckDB: one line per resource and hour, as a CUR in Parquet has it.
select
    md5(concat(r.i, '-', h.i)) as identity_line_item_id,
    'Anniversary' as bill_bill_type,
    'AWS' as bill_billing_entity,
    '$payer' as bill_payer_account_id,
    date_trunc('month', timestamp '2026-01-01' + to_hours(h.i)) as bill_billing_period_start_date,
    date_trunc('month', timestamp '2026-01-01' + to_hours(h.i)) + interval 1 month
        as bill_billing_period_end_date,
    '' as bill_invoice_id,
    (210000000000 + r.i % 50)::varchar as line_item_usage_account_id,
    case when r.i % 10 = 0 then 'SavingsPlanCoveredUsage' else 'Usage' end
        as line_item_line_item_type,
    timestamp '2026-01-01' + to_hours(h.i) as line_item_usage_start_date,
    timestamp '2026-01-01' + to_hours(h.i + 1) as line_item_usage_end_date,
    case when r.i % 3 = 0 then 'AmazonS3' else 'AmazonEC2' end as line_item_product_code,
    case when r.i % 3 = 0 then 'TimedStorage-ByteHrs'
        else concat('BoxUsage:g5.', 2 ** (r.i % 4), 'xlarge') end as line_item_usage_type,
    case when r.i % 3 = 0 then 'StandardStorage' else 'RunInstances' end as line_item_operation,
    concat('us-east-1', chr((97 + r.i % 3)::integer)) as line_item_availability_zone,
    concat('arn:aws:ec2:us-east-1:', 210000000000 + r.i % 50, ':instance/i-', md5(r.i::varchar))
        as line_item_resource_id,
    1.0::double as line_item_usage_amount,
    'USD' as line_item_currency_code,
    round(0.1 + (r.i * 7919 + h.i * 104729) % 1000003 / 100000.0, 10)::double
        as line_item_unblended_cost,
    'a line of a cost and usage report' as line_item_line_item_description,
    'Amazon Web Services, Inc.' as line_item_legal_entity,
    'Hrs' as pricing_unit,
    'OnDemand' as pricing_term,
    round(0.2 + (r.i * 7919 + h.i * 104729) % 1000003 / 100000.0, 10)::double
        as pricing_public_on_demand_cost,
    case when r.i % 3 = 0 then 'Amazon Simple Storage Service'
        else 'Amazon Elastic Compute Cloud' end as product_product_name,
    case when r.i % 3 = 0 then '' else concat('g5.', 2 ** (r.i % 4), 'xlarge') end
        as product_instance_type,
    'us-east-1' as product_region_code,
    md5((r.i % 97)::varchar) as product_sku,
    case when r.i % 3 = 0 then 'Storage' else 'Compute Instance' end as product_product_family,
    case when r.i % 10 = 0 then 0.05::double end as savings_plan_savings_plan_effective_cost,
    case when r.i % 10 = 0 then concat('arn:aws:savingsplans::$payer:savingsplan/', r.i % 5)
        end as savings_plan_savings_plan_a_r_n,
    map {
        'user_team': concat('team-', r.i % 40),
        'user_environment': case when r.i % 4 = 0 then 'dev' else 'prod' end,
        'user_app': concat('app-', r.i % 400)
    } as resource_tags
from range($hours) as h(i)
cross join range($resources) as r(i)
