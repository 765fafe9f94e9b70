-- What stands in each scope that this set would replace.
select
    h.scope_id,
    sum(h.rows)::bigint as rows,
    sum(greatest(h.billed_cost, 0)) as gross_cost
from ingest_charge as h
where h.scope_id = any(%(scopes)s)
group by h.scope_id
