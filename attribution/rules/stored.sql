-- What lay in each bucket by its newest snapshot of at most 35 days before, by class and prefix.
create temp table w_stored on commit drop as
with snapshot as (
    select distinct on (a.bucket) a.bucket, a.source_id, a.day
      from ingest_storageage a
     where a.bucket in (select bucket from w_charge where method = %(method)s)
       and a.day > %(day)s::date - 35 and a.day <= %(day)s
     order by a.bucket, a.day desc, a.source_id
)
select a.bucket, a.storage_class, a.prefix, sum(a.bytes) as bytes
  from ingest_storageage a
  join snapshot s on s.bucket = a.bucket and s.source_id = a.source_id and s.day = a.day
 where a.bytes > 0
 group by 1, 2, 3
