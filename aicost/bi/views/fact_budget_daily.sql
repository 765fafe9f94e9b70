-- What was said of each budget on the evening of each day; filters of a budget said with a name
-- are that name.
create or replace view reporting_v1.fact_budget_daily as
select
    md5(row(
        b.day - date '2000-01-01', coalesce(p.title, b.name), b.dimension
    )::text)::uuid as row_id,
    b.day as usage_date,
    b.budget_id,
    coalesce(p.title, b.name) as budget,
    b.dimension,
    b.name,
    coalesce(p.owner, '') as owner,
    b.period_start as first_day,
    b.period_end - 1 as last_day,
    b.currency,
    b.amount,
    b.carried,
    b.amount + b.carried as available,
    b.used,
    b.p10,
    b.p50,
    b.p90,
    b.probability,
    b.breach_on,
    b.level,
    b.words,
    b.made_at as updated_at
from attribution_budgetstatus b
left join attribution_budget p on p.id = b.budget_id
