-- What the rules weigh: one row per charge and stage-1 target.
create temp table w_part (
    charge_id bigint not null,
    kind text not null,
    state text not null,
    activity text not null,
    workload text not null,
    model text not null,
    feature text not null,
    experiment text not null,
    team text not null,
    environment text not null,
    evidence text not null,
    weight bigint not null check (weight > 0),
    -- Of GPU time alone: its weight by consumption (null: as reserved), and what of the reserved
    -- time, in GPU-milliseconds, was measured how. Views read them, the split does not.
    used bigint,
    gpu_ms bigint,
    process_ms bigint,
    alone_ms bigint,
    sm_ms bigint,
    sm_known_ms bigint,
    gr_ms bigint,
    gr_known_ms bigint,
    hours_ms bigint[],
    key uuid not null generated always as (
        aicost_target_key(kind, state, activity, workload, model, feature, experiment, team,
                          environment)) stored
) on commit drop
