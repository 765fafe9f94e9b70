-- Add or change prices by what they are for and from when. Two rows of one key in one file: the
-- last by content stands.
with wanted as (
    select distinct on (
        provider, model, token_class, region, service_tier, context_over, basis, valid_from
    ) *
    from stage_price s
    order by
        provider, model, token_class, region, service_tier, context_over, basis, valid_from,
        s::text desc
)
insert into ingest_price as old (
    provider, model, token_class, region, service_tier, context_over, per_units, price,
    discount_percent, currency, basis, valid_from, valid_to, origin, note, changed_at
)
select
    provider, model, token_class, region, service_tier, context_over, per_units, price,
    discount_percent, currency, basis, valid_from, valid_to, origin, note, now()
from wanted
on conflict (provider, model, token_class, region, service_tier, context_over, basis, valid_from)
do update set
    per_units = excluded.per_units, price = excluded.price,
    discount_percent = excluded.discount_percent, currency = excluded.currency,
    valid_to = excluded.valid_to, origin = excluded.origin, note = excluded.note,
    changed_at = now(), changed_by_id = null
where (
    old.per_units, old.price, old.discount_percent, old.currency, old.valid_to, old.origin,
    old.note
) is distinct from (
    excluded.per_units, excluded.price, excluded.discount_percent, excluded.currency,
    excluded.valid_to, excluded.origin, excluded.note
)
