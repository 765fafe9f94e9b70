delete from ingest_usageday where source_id = %(source_id)s and day = %(day)s
