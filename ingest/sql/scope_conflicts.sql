-- A bill has one place: the same account and part standing under another source, or in this one
-- from another format that names the issuer differently; of one issuer or provider. Where one of
-- the two is cut by arrival, the same part is any charge of the same billing periods.
select c.name, d.reader, s.billing_account_id, s.part
from ingest_scope as s
join ingest_source as c on c.id = s.source_id
join ingest_delivery as d on d.scope_id = s.id and d.state = 'published'
cross join lateral (
    select s.part like 'arrival %%' as old_arrives, %(part)s like 'arrival %%' as new_arrives
) as cut
where lower(regexp_replace(s.billing_account_id, '^.*/', ''))
        = lower(regexp_replace(%(account)s, '^.*/', ''))
    and (s.part = %(part)s or old_arrives or new_arrives)
    and (
        s.source_id <> %(source)s
        or (
            d.reader <> %(reader)s
            and (s.invoice_issuer <> %(issuer)s or s.billing_account_id <> %(account)s)
        )
        or old_arrives <> new_arrives
    )
    and exists (
        select
        from ingest_charge as h
        join ingest_chargeseries as e on e.id = h.series_id
        where h.scope_id = s.id
            and (s.part = %(part)s or h.billing_period = any(%(periods)s::date[]))
            and (
                lower(e.invoice_issuer) = lower(%(issuer)s)
                or lower(e.provider) = any(%(providers)s)
            )
    )
order by c.name
limit 1
