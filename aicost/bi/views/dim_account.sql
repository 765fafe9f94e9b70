create or replace view reporting_v1.dim_account as
select
    c.sub_account_id as account,
    coalesce(min(s.provider), '') as provider,
    coalesce(min(s.billing_account_id), '') as billing_account
from (select distinct sub_account_id from attribution_costday) c
left join (
    select distinct sub_account_id, provider, billing_account_id from ingest_chargeseries
) s on s.sub_account_id = c.sub_account_id
group by 1
