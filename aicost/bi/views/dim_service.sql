create or replace view reporting_v1.dim_service as
select
    c.service_name as service,
    coalesce(min(s.provider), '') as provider,
    coalesce(min(s.service_category), '') as service_category
from (select distinct service_name from attribution_costday) c
left join (
    select distinct service_name, provider, service_category from ingest_chargeseries
) s on s.service_name = c.service_name
group by 1
