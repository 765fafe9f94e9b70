-- Two prices for the same thing on the same day; names compare as a lookup compares them.
select
    a.basis, a.provider, a.model, a.token_class, a.region, a.service_tier, a.context_over,
    a.valid_from, a.valid_to, b.valid_from, b.valid_to
from ingest_price a
join ingest_price b
    on b.basis = a.basis and lower(b.provider) = lower(a.provider)
        and lower(b.model) = lower(a.model) and b.token_class = a.token_class
        and lower(b.region) = lower(a.region) and lower(b.service_tier) = lower(a.service_tier)
        and b.context_over = a.context_over and (b.valid_from, b.id) > (a.valid_from, a.id)
where a.valid_to is null or a.valid_to > b.valid_from
order by a.valid_from, a.id
limit 1
