-- The rows that hold on any day of the month.
insert into attribution_pinned_workloadmap
    (close_id, id, cluster, namespace, pattern, position, activity, workload, model, feature,
     experiment, team, environment, valid_from, valid_to, found)
select %(close)s, id, cluster, namespace, pattern, position, activity, workload, model, feature,
       experiment, team, environment, valid_from, valid_to, found
  from ingest_workloadmap
 where (valid_from is null or valid_from < %(end)s)
   and (valid_to is null or valid_to > %(start)s)
