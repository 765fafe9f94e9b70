-- What was published, and what other connections allocated, by the names of its targets: their ids
-- are not those here.
create temp table p_found (
    charge_id bigint, side bigint, billed_cost numeric, effective_cost numeric,
    kind text, state text, activity text, workload text, model text, feature text,
    experiment text, team text, environment text
) on commit drop
