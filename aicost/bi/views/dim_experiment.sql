create or replace view reporting_v1.dim_experiment as
select
    n.name as experiment,
    coalesce(nullif(e.title, ''), n.name) as title,
    coalesce(e.owner, '') as owner,
    coalesce(e.status, '') as status,
    coalesce((
        select e.above from attribution_entityabove e
        where e.level = 'project' and e.dimension = 'experiment' and e.name = n.name
            and (e.valid_from is null or e.valid_from <= current_date)
            and (e.valid_to is null or e.valid_to > current_date)
    ), '') as project
from (
    select experiment as name from attribution_target
    union
    select experiment from bi_usage
) n
left join attribution_entity e on e.dimension = 'experiment' and e.name = n.name
