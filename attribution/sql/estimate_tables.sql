-- w_rate: the price of every key metered on the day. w_part: what is estimated, before it is summed
-- per target; its first columns are those of an allocated part, so that targets are made alike.
create temp table w_rate (
    usage_source_id bigint, hour timestamptz, provider text, raw text, model text, region text,
    service_tier text, band integer, token_class text, source_id bigint, named text,
    context_over bigint, unit_price numeric, price_basis text, price_origin text, currency text
) on commit drop;
create temp table w_part (
    kind text, state text, activity text, workload text, model text, feature text,
    experiment text, team text, environment text,
    key uuid generated always as (
        aicost_target_key(kind, state, activity, workload, model, feature, experiment, team,
                          environment)) stored,
    source_id bigint, usage_source_id bigint, hour timestamptz, provider text, subject text,
    resource_id text, region text, service_tier text, context_over bigint, token_class text,
    quantity numeric, unit_price numeric, price_basis text, price_origin text, currency text
) on commit drop
