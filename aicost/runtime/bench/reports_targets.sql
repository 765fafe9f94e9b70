-- 200 endpoints, each called by eight features of a team; some of it idle.
insert into attribution_target
    (kind, state, activity, workload, model, feature, experiment, team, environment)
select
    case k when 7 then 'idle' else 'workload' end, case k when 7 then 'held_idle' else 'active' end,
    'inference', 'endpoint-' || m, 'model-' || m %% 120,
    case k when 7 then '' else 'feature-' || (m * 3 + k) %% 300 end, '', 'team-' || m %% 60,
    (array['prod', 'staging'])[m %% 2 + 1]
from generate_series(0, 199) m
cross join generate_series(0, 7) k
order by m, k
