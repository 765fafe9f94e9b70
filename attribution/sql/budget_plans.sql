-- All budgets that hold on a day: those of their own, then those said with a name that is not
-- retired, with the owner said of the name. A model with versions is all of them.
select
    b.id as budget_id, '' as dimension, '' as name, b.title, b.filters, b.amount, b.currency,
    b.period, b.owner, b.per, b.per_count, b.roll_over, b.valid_from, b.valid_to, b.warn_percent,
    b.alert_percent, b.used_percents, b.stop_on, b.stop_unused_days, b.stop_points,
    b.stop_points_percent
from attribution_budget b
where (b.valid_from is null or b.valid_from <= %(day)s)
    and (b.valid_to is null or b.valid_to > %(day)s)
union all
select
    null, n.dimension, n.name, n.name,
    jsonb_build_object(case when n.dimension = 'model' and exists (
        select from attribution_entityparent p
        where p.dimension = 'model' and p.level = 'model' and p.parent = n.name
    ) then 'base_model' else n.dimension end, jsonb_build_array(n.name)),
    n.amount, n.currency, n.period, coalesce(e.owner, ''), '', 1, 'no', n.valid_from, n.valid_to,
    50, 80, '{}', null, null, null, 50
from attribution_entitybudget n
left join attribution_entity e on e.dimension = n.dimension and e.name = n.name
where (n.valid_from is null or n.valid_from <= %(day)s)
    and (n.valid_to is null or n.valid_to > %(day)s)
    and e.status is distinct from 'retired'
order by 2, 4
