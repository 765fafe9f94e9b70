insert into ingest_storageage (
    source_id, delivery_id,
    day, provider, bucket, prefix, storage_class, version, age_days_min, idle_days_min,
    objects, bytes
)
select
    %(source_id)s, %(delivery_id)s,
    day, provider, bucket, prefix, storage_class, version, age_days_min, idle_days_min,
    objects, bytes
from stage_storage
