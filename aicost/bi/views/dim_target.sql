create or replace view reporting_v1.dim_target as
select
    id as target_id, kind, state, activity, workload, model, feature, experiment, team, environment
from attribution_target
