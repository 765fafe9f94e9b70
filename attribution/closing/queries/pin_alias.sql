-- The rows that hold on any day of the month.
insert into attribution_pinned_alias
    (close_id, id, dimension, raw, canonical, valid_from, valid_to)
select %(close)s, id, dimension, raw, canonical, valid_from, valid_to
  from ingest_alias
 where (valid_from is null or valid_from < %(end)s)
   and (valid_to is null or valid_to > %(start)s)
