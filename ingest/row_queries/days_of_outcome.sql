select distinct day from stage_outcome
