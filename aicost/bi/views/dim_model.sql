create or replace view reporting_v1.dim_model as
select
    n.name as model,
    coalesce(nullif(e.title, ''), n.name) as title,
    coalesce(e.owner, '') as owner,
    coalesce(e.status, '') as status,
    coalesce((
        select e.above from attribution_entityabove e
        where e.level = 'base_model' and e.dimension = 'model' and e.name = n.name
            and (e.valid_from is null or e.valid_from <= current_date)
            and (e.valid_to is null or e.valid_to > current_date)
    ), n.name) as base_model,
    coalesce((
        select e.above from attribution_entityabove e
        where e.level = 'model_family' and e.dimension = 'model' and e.name = n.name
            and (e.valid_from is null or e.valid_from <= current_date)
            and (e.valid_to is null or e.valid_to > current_date)
    ), '') as model_family
from (
    select model as name from attribution_target
    union
    select model from bi_usage
) n
left join attribution_entity e on e.dimension = 'model' and e.name = n.name
