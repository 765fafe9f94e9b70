-- Models with calls but no money, and models with money for inference but no calls.
with called as (
    select
        coalesce(a.canonical, u.model) as model,
        coalesce(
            sum(u.requests) filter (where s.usage_role <> 'provider_count'), sum(u.requests)
        ) as requests,
        min(u.day) as first_day, max(u.day) as last_day
    from ingest_usageday u
    join ingest_source s on s.id = u.source_id
    left join aicost_alias_days(%(start)s, %(end)s) a
        on a.day = u.day and a.dimension = 'model' and a.raw = u.model
    where u.day >= %(start)s and u.day < %(end)s and u.model <> ''
        and u.activity in ('', 'inference')
    group by 1
),
charged as (
    select
        t.model, c.currency, min(c.day) as first_day, max(c.day) as last_day,
        sum(case %(basis)s when 'billed' then c.billed_cost else c.effective_cost end) as cost
    from attribution_costday c
    join attribution_target t on t.id = c.target_id
    where c.day >= %(start)s and c.day < %(end)s and t.model <> '' and t.activity = 'inference'
    group by 1, 2
)
select
    'model without cost' as what, model as name, requests, null::text as currency,
    null::numeric as cost, first_day, last_day
from called
where model not in (select model from charged)
union all
select 'model without calls', model, null, currency, cost, first_day, last_day
from charged
where model not in (select model from called)
order by 1, cost desc nulls last, requests desc nulls last, 2
