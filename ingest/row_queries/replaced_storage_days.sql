select distinct day from ingest_storageage
where source_id = %(source_id)s and delivery_id = any(%(replaced)s)
