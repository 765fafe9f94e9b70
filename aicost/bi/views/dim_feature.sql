create or replace view reporting_v1.dim_feature as
select
    n.name as feature,
    coalesce(nullif(e.title, ''), n.name) as title,
    coalesce(e.owner, '') as owner,
    coalesce(e.status, '') as status,
    coalesce((
        select e.above from attribution_entityabove e
        where e.level = 'product' and e.dimension = 'feature' and e.name = n.name
            and (e.valid_from is null or e.valid_from <= current_date)
            and (e.valid_to is null or e.valid_to > current_date)
    ), '') as product
from (
    select feature as name from attribution_target
    union
    select feature from bi_usage
) n
left join attribution_entity e on e.dimension = 'feature' and e.name = n.name
