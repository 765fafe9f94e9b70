create or replace view reporting_v1.dim_workload as
select
    n.name as workload,
    coalesce(nullif(e.title, ''), n.name) as title,
    coalesce(e.owner, '') as owner,
    coalesce(e.status, '') as status
from (
    select workload as name from attribution_target
    union
    select workload from bi_usage
) n
left join attribution_entity e on e.dimension = 'workload' and e.name = n.name
