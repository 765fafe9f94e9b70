-- Attributed series of some accounts, and those of some resources, with what they stand on.
with near as (
    select s.*
    from ingest_chargeseries s
    where coalesce(nullif(s.sub_account_id, ''), s.billing_account_id) = any(%(accounts)s)
        or s.resource_id = any(%(resources)s)
)
select
    n.id, n.billing_currency, n.sub_account_id, n.billing_account_id, n.resource_id, n.tags,
    n.extras, t.feature, t.model, t.workload, t.experiment, t.team,
    sum(case %(basis)s when 'billed' then a.billed_cost else a.effective_cost end) as cost
from near n
join ingest_charge c on c.series_id = n.id
join attribution_allocatedcharge a on a.day = c.day and a.charge_id = c.id
join attribution_target t on t.id = a.target_id
where c.day >= %(start)s and c.day < %(end)s and a.day >= %(start)s and a.day < %(end)s
    and t.kind in ('workload', 'idle')
    and (t.feature, t.model, t.workload, t.experiment, t.team) <> ('', '', '', '', '')
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
order by n.id, t.team, t.feature, t.model, t.workload, t.experiment
