-- The days with charges on which a map row of this range holds; a rebuild concerns no others.
with bounds as (
    select
        greatest(min(day), %(valid_from)s::date) as first_day,
        least(max(day), %(valid_to)s::date - 1) as last_day
    from ingest_charge
)
select series.day::date as day
from bounds, generate_series(first_day, last_day, interval '1 day') as series (day)
where exists (select from ingest_charge where ingest_charge.day = series.day::date)
