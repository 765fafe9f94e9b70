-- A scope belongs to one source: the same account and billing period standing under another,
-- from the same issuer or provider.
select c.name, s.billing_account_id, s.part
from ingest_scope as s
join ingest_source as c on c.id = s.source_id
where s.source_id <> %(source)s
    and s.billing_account_id = %(account)s
    and s.part = %(part)s
    and exists (
        select
        from ingest_charge as h
        join ingest_chargeseries as e on e.id = h.series_id
        where h.scope_id = s.id
            and (
                lower(e.invoice_issuer) = lower(%(issuer)s)
                or lower(e.provider) = any(%(providers)s)
            )
    )
order by c.name
limit 1
