-- A bill has one place: the same account and billing period standing under another source, or in
-- this one from another format that names the issuer differently; of one issuer or provider.
select c.name, d.reader, s.billing_account_id, s.part
from ingest_scope as s
join ingest_source as c on c.id = s.source_id
join ingest_delivery as d on d.scope_id = s.id and d.state = 'published'
where s.billing_account_id = %(account)s
    and s.part = %(part)s
    and (
        s.source_id <> %(source)s
        or (d.reader <> %(reader)s and s.invoice_issuer <> %(issuer)s)
    )
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
