-- Cost per customer and dimensions of the target. A month that lies in the period with all its days
-- is read as one, the rest day by day. `plain`: nothing of targets is asked, so of months their sum
-- will do. `class`: the cost class of targets, of a month or of all (month null). `offset 0` keeps
-- the planner from reading all of a grain for a few customers.
with piece as materialized (
    select
        day, case when not whole then 'day' when %(plain)s then 'customer_month' else 'month' end
            as grain
    from aicost_customer_pieces(%(start)s, %(end)s, %(granularity)s)
),
target as materialized (
    select
        id, kind,
        case when 'feature' = any(%(groups)s) then feature else '' end as feature,
        case when 'model' = any(%(groups)s) then model else '' end as model,
        case when 'team' = any(%(groups)s) then team else '' end as team
    from attribution_target
    where (%(teams)s::text[] is null or team = any(%(teams)s))
        and (%(f_feature)s::text[] is null or feature = any(%(f_feature)s))
        and (%(f_model)s::text[] is null or model = any(%(f_model)s))
        and (%(f_team)s::text[] is null or team = any(%(f_team)s))
),
class as materialized (
    select * from unnest(
        %(class_targets)s::bigint[], %(class_months)s::date[], %(class_names)s::text[]
    ) as x (target_id, month, name)
),
part as (
    select
        case %(granularity)s
            when 'total' then %(start)s::date
            when 'day' then c.day
            else (date_trunc(%(granularity)s, c.day - %(shift)s::interval)
                 + %(shift)s::interval)::date
        end as period,
        c.customer, c.target_id, c.currency, x.name as cost_class,
        case %(basis)s when 'billed' then c.billed_cost else c.effective_cost end as cost
    from piece p
    cross join lateral (
        select * from attribution_customercost k
        where k.grain = p.grain and k.day = p.day
            and (%(f_customer)s::text[] is null or k.customer = any(%(f_customer)s))
        offset 0
    ) c
    left join class x on x.target_id = c.target_id
        and (x.month is null or x.month = date_trunc('month', c.day)::date)
    where %(plain)s or c.target_id in (select id from target)
)
select
    p.period, p.customer, coalesce(t.feature, '') as feature, coalesce(t.model, '') as model,
    coalesce(t.team, '') as team, coalesce(p.cost_class, '') as cost_class, p.currency,
    sum(p.cost) as cost
from part p
left join target t on t.id = p.target_id and not %(plain)s
group by 1, 2, 3, 4, 5, 6, 7
