-- The names of the ledger: what money stands on, and what the workload map says.
select distinct feature, model, workload, experiment, team
from attribution_target
where kind in ('workload', 'idle')
    and (feature, model, workload, experiment, team) <> ('', '', '', '', '')
union
select feature, model, workload, experiment, team
from ingest_workloadmap
where (feature, model, workload, experiment, team) <> ('', '', '', '', '')
order by 1, 2, 3, 4, 5
