-- The charges as they are passed through the engine after the change.
update ingest_charge set source_id = source_after, day = day_after
