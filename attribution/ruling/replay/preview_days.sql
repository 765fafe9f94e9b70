-- What has to be weighed and split for itself: before the change (side 1), and after it.
select 1 as side, source_id, day from ingest_charge
 union
select 2, source_after, day_after from ingest_charge
 order by 1, 3, 2
