-- The rows that hold on any day of the month.
insert into attribution_pinned_resourcemap
    (close_id, id, cluster, node, resource_id, valid_from, valid_to, found)
select %(close)s, id, cluster, node, resource_id, valid_from, valid_to, found
  from ingest_resourcemap
 where (valid_from is null or valid_from < %(end)s)
   and (valid_to is null or valid_to > %(start)s)
