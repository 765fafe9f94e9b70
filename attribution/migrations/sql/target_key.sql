-- One column to join targets by: nine equal columns mislead the planner into nested loops. The key
-- is a hash of the length-prefixed tuple; the unique constraint on the tuple stays the authority,
-- and the order of the split never uses the key.

create function aicost_target_key(
    kind text, state text, activity text, workload text, model text, feature text,
    experiment text, team text, environment text
) returns uuid language sql immutable parallel safe as $$
    select md5(
        length(kind)::text || ':' || kind || length(state)::text || ':' || state
        || length(activity)::text || ':' || activity
        || length(workload)::text || ':' || workload || length(model)::text || ':' || model
        || length(feature)::text || ':' || feature
        || length(experiment)::text || ':' || experiment
        || length(team)::text || ':' || team
        || length(environment)::text || ':' || environment)::uuid
$$;
alter table attribution_target add column key uuid not null generated always as (
    aicost_target_key(kind, state, activity, workload, model, feature, experiment, team,
                      environment)) stored;
create unique index attribution_target_key on attribution_target (key);
