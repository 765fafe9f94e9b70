delete from ingest_qualityscore
where source_id = %(source_id)s and delivery_id = any(%(replaced)s)
