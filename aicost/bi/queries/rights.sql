-- The owner of the views reads what they are made of; logins read the views and nothing else.
grant usage, create on schema reporting_v1 to reporting_owner;
grant usage on schema reporting_v1 to reporting_ro;
grant select on
    attribution_costday, attribution_target, attribution_entityabove, attribution_entity,
    attribution_daystate, attribution_modelapi, attribution_customercost, attribution_alert,
    attribution_budget, attribution_budgetstatus, ingest_source, ingest_delivery,
    ingest_chargeseries, accounts_company, bi_rate, bi_usd_rate, bi_finality, bi_scope, bi_usage,
    bi_unitcost, bi_margin, bi_month
to reporting_owner
