-- Add the rates of months that have none yet. One that stands is frozen: reports were made with it,
-- so it changes only when that was asked for. The rates that differ from the file and stay.
with added as (
    insert into ingest_fxrate as old (month, from_currency, to_currency, rate, origin)
    select month, from_currency, to_currency, rate, origin
    from stage_fx_rate
    on conflict (month, from_currency, to_currency) do update set
        rate = excluded.rate, origin = excluded.origin
    where %(replace)s and old.rate <> excluded.rate
    returning 1
)
select s.month, s.from_currency, s.to_currency
from stage_fx_rate as s
join ingest_fxrate as r using (month, from_currency, to_currency)
where not %(replace)s and r.rate <> s.rate
order by 1, 2, 3
