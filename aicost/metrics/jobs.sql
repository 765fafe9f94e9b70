-- Jobs that wait, run or were given up, and since when the oldest waits that could be worked on.
select
    kind, case state when 'new' then 'queued' else state end as state, count(*) as jobs,
    floor(extract(epoch from min(created_at) filter (
        where state = 'new' and (lease_until is null or lease_until < now()))))::bigint as oldest
from jobs_job
where state <> 'done'
group by 1, 2
