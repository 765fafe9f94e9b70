-- What has to be weighed and split for itself: before the change (side 1) where it does not stand
-- published, and after it.
select 1 as side, source_id, day from ingest_charge
 where (source_id, day) not in (select * from p_standing)
 union
select 2, source_after, day_after from ingest_charge
 order by 1, 3, 2
