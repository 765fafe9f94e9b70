-- Months with anything to work out, and what they are worked out from now: the publications of
-- their days, and a digest of calls, revenue, the tables of finance, names and closes. Calls and
-- revenue before `since` are taken as unchanged.
with published as (
    select date_trunc('month', day::timestamp)::date as month,
        sum(published_version + spread_version)::bigint as published
    from attribution_daystate
    where published_version > 0
    group by 1
),
called as (
    select date_trunc('month', day::timestamp)::date as month,
        concat(count(*), ' ', max(id), ' ', sum(requests)) as told
    from ingest_usageday
    where day >= %(since)s
    group by 1
),
earned as (
    select date_trunc('month', day::timestamp)::date as month,
        concat(count(*), ' ', max(id), ' ', sum(amount)) as told
    from ingest_revenue
    where day >= %(since)s
    group by 1
),
named as (
    select md5(concat(
        (select string_agg(a::text, ',' order by a.id) from ingest_alias a), ' ',
        (select string_agg(concat(c.id, c.reopened_at), ',' order by c.id)
           from attribution_monthclose c), ' ',
        (select concat(count(*), ' ', max(id)) from attribution_financeedition)
    )) as told
),
now as (
    select
        month, coalesce(p.published, 0) as published,
        concat(c.told, '/', e.told, '/', n.told) as measured
    from published p
    full join called c using (month)
    full join earned e using (month)
    cross join named n
)
select n.month, n.published, n.measured
from now n
left join bi_month m on m.month = n.month
where %(again)s or m.month is null or m.published <> n.published
    or (n.month >= %(since)s and m.measured <> n.measured)
order by n.month desc
