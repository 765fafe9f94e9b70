-- Where the money of the ownerless pools comes from, by what it is; of the sources that are named.
select
    s.name as source, p.name as pool, t.state, r.service_name as service, t.team, r.currency,
    -sum(p.amount) as given
from attribution_costday r
join attribution_target t on t.id = r.target_id
join ingest_source s on s.id = r.source_id
cross join lateral (values
    ('idle', case %(basis)s
        when 'billed' then r.idle_spread_billed else r.idle_spread_effective end),
    ('shared', case %(basis)s
        when 'billed' then r.shared_spread_billed else r.shared_spread_effective end))
    p (name, amount)
where r.day >= %(start)s and r.day < %(end)s and t.kind in ('idle', 'shared')
    and p.name = any(%(pools)s) and s.name = any(%(sources)s)
group by 1, 2, 3, 4, 5, 6
having sum(p.amount) <> 0
order by abs(sum(p.amount)) desc, s.name, p.name, t.state, r.service_name, t.team
