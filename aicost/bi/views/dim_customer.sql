create or replace view reporting_v1.dim_customer as
select distinct customer
from attribution_customercost c
join attribution_target t on t.id = c.target_id
where c.grain = 'day'
