-- What of the targets' cost stands on no customer: all of it less what the customers have.
-- `offset 0` keeps the planner from reading all of a grain.
with piece as materialized (
    select day, case when whole then 'target_month' else 'target_day' end as grain
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
        case when (%(class_months)s::date[])[1] is not null
            then date_trunc('month', c.day)::date end as month,
        c.target_id, c.currency,
        sum(case %(basis)s when 'billed' then c.billed_cost else c.effective_cost end) as cost
    from aicost_cost(%(start)s, %(end)s, 'target', %(step)s, '{}') c
    group by 1, 2, 3, 4
    union all
    select
        case %(granularity)s
            when 'total' then %(start)s::date
            when 'day' then k.day
            else (date_trunc(%(granularity)s, k.day - %(shift)s::interval)
                 + %(shift)s::interval)::date
        end as period,
        case when (%(class_months)s::date[])[1] is not null
            then date_trunc('month', k.day)::date end,
        k.target_id, k.currency,
        - case %(basis)s when 'billed' then k.billed_cost else k.effective_cost end
    from piece p
    cross join lateral (
        select * from attribution_customercost k
        where k.grain = p.grain and k.day = p.day
        offset 0
    ) k
)
select
    p.period, '' as customer, t.feature, t.model, t.team, t.kind,
    coalesce(x.name, '') as cost_class, p.currency, sum(p.cost) as cost
from part p
join target t on t.id = p.target_id
left join class x on x.target_id = p.target_id and (x.month is null or x.month = p.month)
group by 1, 2, 3, 4, 5, 6, 7, 8
having sum(p.cost) <> 0
