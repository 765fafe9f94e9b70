select distinct day from stage_revenue
