-- What a closed month differs by from what was reported: per source and billing period, with the
-- deliveries that came since. What moved between targets without one, later measurements moved.
with edition as (
    select distinct on (month) id, month, edition, closed_at, reopened_at
    from attribution_monthclose
    where month >= %(first_month)s and month < %(end)s
        and (%(f_edition)s::text[] is null or edition::text = any(%(f_edition)s))
    order by month, edition desc
),
row as (
    select
        e.id, r.source_id, r.billing_period, r.currency, r.target_id,
        -r.billed_cost as billed, -r.effective_cost as effective, true as reported
    from edition e
    join attribution_reportedcost r on r.close_id = e.id
    union all
    select
        e.id, c.source_id, c.billing_period, c.currency, c.target_id, c.billed_cost,
        c.effective_cost, false
    from edition e
    join attribution_costday c on c.day >= e.month and c.day < e.month + interval '1 month'
),
by_target as (
    select id, source_id, billing_period, currency, target_id, sum(billed) as billed,
        sum(effective) as effective, bool_or(reported) as reported
    from row
    group by 1, 2, 3, 4, 5
),
difference as (
    select
        id, source_id, billing_period, currency, sum(billed) as billed,
        sum(effective) as effective, bool_or(reported) as reported,
        (sum(abs(effective)) - abs(sum(effective))) / 2 as moved
    from by_target
    group by 1, 2, 3, 4
    having sum(abs(billed)) <> 0 or sum(abs(effective)) <> 0
),
since as (
    select
        d.id, d.source_id, d.billing_period, array_agg(l.id) as ids,
        string_agg(l.name, ', ' order by l.loaded_at, l.id) as names
    from (select distinct id, source_id, billing_period from difference) d
    join edition e using (id)
    join ingest_delivery l on l.source_id = d.source_id and l.loaded_at > e.closed_at
        and l.state = 'published' and to_char(d.billing_period, 'YYYY-MM') = any(l.billing_periods)
    group by 1, 2, 3
)
select
    to_char(e.month, 'YYYY-MM') as month, e.edition::text as edition, s.name as source,
    case
        when not d.reported and d.billing_period > e.month then 'billed in a later period'
        when n.ids is not null then 'bill delivered again'
        when not d.reported then 'charges that were not there'
        when e.reopened_at is not null then 'rules and maps since it was reopened'
        else 'telemetry, calls or charges that came later'
    end as cause,
    to_char(d.billing_period, 'YYYY-MM') as billing_period, coalesce(n.names, '') as deliveries,
    (
        select count(*) from ingest_charge c
        where c.source_id = d.source_id and c.day >= e.month
            and c.day < e.month + interval '1 month' and c.billing_period = d.billing_period
            and c.delivery_id = any(n.ids)
    ) as charges,
    d.currency, d.billed as billed_difference, d.effective as difference, d.moved
from difference d
join edition e on e.id = d.id
join ingest_source s on s.id = d.source_id
left join since n on n.id = d.id and n.source_id = d.source_id
    and n.billing_period = d.billing_period
where (%(f_source)s::text[] is null or s.name = any(%(f_source)s))
order by e.month, s.name, d.billing_period, d.currency
