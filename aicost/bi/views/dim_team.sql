create or replace view reporting_v1.dim_team as
select
    n.name as team,
    coalesce(nullif(e.title, ''), n.name) as title,
    coalesce(e.owner, '') as owner,
    coalesce(e.status, '') as status,
    coalesce((
        select e.above from attribution_entityabove e
        where e.level = 'department' and e.dimension = 'team' and e.name = n.name
            and (e.valid_from is null or e.valid_from <= current_date)
            and (e.valid_to is null or e.valid_to > current_date)
    ), '') as department,
    coalesce((
        select e.above from attribution_entityabove e
        where e.level = 'cost_centre' and e.dimension = 'team' and e.name = n.name
            and (e.valid_from is null or e.valid_from <= current_date)
            and (e.valid_to is null or e.valid_to > current_date)
    ), '') as cost_centre
from (
    select team as name from attribution_target
    union
    select team from bi_usage
) n
left join attribution_entity e on e.dimension = 'team' and e.name = n.name
