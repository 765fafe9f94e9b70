-- Whatever the planner believes of a source it has no statistics of, a join finds its rows here.
create index on stage_usage (event_id)
