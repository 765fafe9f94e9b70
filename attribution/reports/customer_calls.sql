-- Calls per customer and what they say of themselves; customer '' are those that name none.
with piece as materialized (
    select day, case when whole then 'month' else 'day' end as grain
    from aicost_customer_pieces(%(start)s, %(end)s, %(granularity)s)
)
select
    case %(granularity)s
        when 'total' then %(start)s::date
        when 'day' then c.day
        else (date_trunc(%(granularity)s, c.day - %(shift)s::interval) + %(shift)s::interval)::date
    end as period,
    c.customer,
    case when 'feature' = any(%(groups)s) then c.feature else '' end as feature,
    case when 'model' = any(%(groups)s) then c.model else '' end as model,
    case when 'team' = any(%(groups)s) then c.team else '' end as team,
    sum(c.requests)::bigint as requests, sum(c.tokens)::bigint as tokens
from piece p
cross join lateral (
    select * from attribution_customeruse k
    where k.grain = p.grain and k.day = p.day
        and (%(f_customer)s::text[] is null or k.customer = any(%(f_customer)s))
    offset 0
) c
where (%(teams)s::text[] is null or c.team = any(%(teams)s))
    and (%(f_feature)s::text[] is null or c.feature = any(%(f_feature)s))
    and (%(f_model)s::text[] is null or c.model = any(%(f_model)s))
    and (%(f_team)s::text[] is null or c.team = any(%(f_team)s))
group by 1, 2, 3, 4, 5
