select distinct day from stage_quality
