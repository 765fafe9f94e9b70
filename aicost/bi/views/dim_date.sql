-- From the first year with any day to the end of next year.
create or replace view reporting_v1.dim_date as
with known as (
    select
        date_trunc('year', coalesce(min(day), current_date)::timestamp) as first,
        date_trunc('year', greatest(max(day), current_date)::timestamp) + interval '2 years'
            - interval '1 day' as last
    from attribution_daystate
),
fiscal as (
    select coalesce((select fiscal_month from accounts_company where id = 1), 1) - 1 as shift
),
day as (
    select
        d::date as date, f.shift
    from known k
    cross join fiscal f
    cross join lateral generate_series(k.first, k.last, interval '1 day') d
)
select
    date as usage_date,
    extract(year from date)::int as year,
    extract(quarter from date)::int as quarter,
    extract(month from date)::int as month,
    date_trunc('year', date::timestamp)::date as year_start,
    date_trunc('quarter', date::timestamp)::date as quarter_start,
    date_trunc('month', date::timestamp)::date as month_start,
    date_trunc('week', date::timestamp)::date as week_start,
    extract(isodow from date)::int as weekday,
    extract(isodow from date) > 5 as is_weekend,
    extract(year from date_trunc('month', date::timestamp) - make_interval(months => shift))::int
        + case when shift > 0 then 1 else 0 end as fiscal_year,
    ((extract(month from date)::int - 1 - shift + 12) % 12) / 3 + 1 as fiscal_quarter,
    (extract(month from date)::int - 1 - shift + 12) % 12 + 1 as fiscal_month,
    (date_trunc('year', date_trunc('month', date::timestamp) - make_interval(months => shift))
        + make_interval(months => shift))::date as fiscal_year_start,
    (date_trunc('quarter', date_trunc('month', date::timestamp) - make_interval(months => shift))
        + make_interval(months => shift))::date as fiscal_quarter_start
from day
