create temp table stage_storage as
select
    day, provider, bucket, prefix, storage_class, version, age_days_min, idle_days_min,
    objects, bytes
from ingest_storageage
limit 0
