-- The rows that hold on any day of the month.
insert into attribution_pinned_storagemap
    (close_id, id, bucket, pattern, position, workload, model, feature, experiment, team,
     environment, valid_from, valid_to)
select %(close)s, id, bucket, pattern, position, workload, model, feature, experiment, team,
       environment, valid_from, valid_to
  from ingest_storagemap
 where (valid_from is null or valid_from < %(end)s)
   and (valid_to is null or valid_to > %(start)s)
