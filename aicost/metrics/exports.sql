-- When each destination of daily files that is not paused was last written without a fault.
select d.name as destination, floor(extract(epoch from max(r.finished_at)))::bigint as succeeded
from files_destination d
join files_filesrun r on r.destination_id = d.id and r.state = 'done'
where d.enabled
group by 1
order by 1
