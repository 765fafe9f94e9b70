select distinct day from stage_storage
