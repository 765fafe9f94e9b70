-- Days of the period whose figures may differ from those at `since`: published or estimated anew,
-- or told of by a delivery. With `months` all days of the month of such a day: what is spread over
-- a month changes with each of its days.
with changed as (
    select day from attribution_daystate
    where day >= %(start)s and day < %(end)s and published_at >= %(since)s
    union
    select (hour at time zone 'UTC')::date from attribution_estimatedcost
    where hour >= %(start)s and hour < %(end)s
        and (made_at >= %(since)s or superseded_at >= %(since)s)
    union
    select d::date
    from ingest_delivery l
    cross join generate_series(greatest(l.first_day, %(start)s::date),
        least(l.last_day, %(end)s::date - 1), interval '1 day') d
    where l.loaded_at >= %(since)s and l.state <> 'held' and l.first_day is not null
)
select distinct d::date as day
from changed c
cross join lateral generate_series(
    case when %(months)s then date_trunc('month', c.day) else c.day end,
    case when %(months)s then date_trunc('month', c.day) + interval '1 month - 1 day'
        else c.day end, interval '1 day') d
where d >= %(start)s and d < %(end)s
order by 1
