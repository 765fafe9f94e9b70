-- Tables that grow with the bill and the fleet, partitioned by month. Their rows come by the
-- million, always with the references of the load that writes them in the same transaction;
-- checking each reference row by row took up to half the time of publishing a bill.

create sequence ingest_charge_id_seq;
create table ingest_charge (
    id bigint not null default nextval('ingest_charge_id_seq'),
    source_id bigint not null,
    series_id bigint not null,
    scope_id bigint not null,
    delivery_id bigint not null,
    day date not null,
    long_period_end timestamptz,
    billing_period date not null,
    invoice_id text not null default '',
    rows bigint not null,
    billed_cost numeric(38, 18) not null,
    effective_cost numeric(38, 18) not null,
    list_cost numeric(38, 18),
    contracted_cost numeric(38, 18),
    pricing_quantity numeric(38, 18),
    consumed_quantity numeric(38, 18),
    primary key (day, id),
    unique nulls not distinct
        (scope_id, series_id, day, billing_period, invoice_id, long_period_end)
) partition by range (day);
create index ingest_charge_source_day on ingest_charge (source_id, day);
alter sequence ingest_charge_id_seq owned by ingest_charge.id;

create table ingest_gpuinterval (
    source_id bigint not null,
    delivery_id bigint not null,
    t_start timestamptz not null,
    t_end timestamptz not null,
    cluster text not null default '',
    node text not null default '',
    device_uuid text not null,
    mig_instance_id text not null default '',
    mig_profile text not null default '',
    device_model text not null default '',
    workload_key text not null default '',
    namespace text not null default '',
    pod text not null default '',
    util_scope text not null default 'device',
    alloc_gpu_fraction numeric(9, 6) not null,
    alloc_basis text not null default '',
    observed_ms integer not null check (observed_ms >= 0),
    n_samples integer,
    busy_ms integer,
    gr_busy_ms integer,
    sm_ms integer,
    tensor_ms integer,
    zero_ms integer,
    zero_lead_ms integer,
    zero_tail_ms integer,
    held_idle_ms integer not null default 0,
    empty_idle_ms integer not null default 0,
    fb_used_mib_avg integer,
    fb_used_mib_max integer,
    fb_total_mib integer,
    energy_j numeric(18, 3),
    energy_basis text not null default '',
    flags text[] not null default '{}',
    primary key (source_id, device_uuid, mig_instance_id, workload_key, util_scope, t_start),
    check (held_idle_ms >= 0 and empty_idle_ms >= 0
           and held_idle_ms + empty_idle_ms <= observed_ms)
) partition by range (t_start);
create index ingest_gpuinterval_node on ingest_gpuinterval (t_start, node);
-- Whether telemetry has ever seen a node is asked per node, not per day.
create index ingest_gpuinterval_by_node on ingest_gpuinterval (node, t_start);

create sequence ingest_usage_id_seq;
create table ingest_usage (
    id bigint not null default nextval('ingest_usage_id_seq'),
    source_id bigint not null,
    delivery_id bigint not null,
    event_id text,
    time timestamptz not null,
    hour timestamptz not null,
    provider text not null default '',
    model text not null default '',
    model_version text not null default '',
    precision text not null default '',
    workload text not null default '',
    activity text not null default '',
    serving_mode text not null default '',
    pipeline text not null default '',
    run text not null default '',
    agent_step text not null default '',
    feature text not null default '',
    experiment text not null default '',
    team text not null default '',
    environment text not null default '',
    customer text not null default '',
    "user" text not null default '',
    status text not null default '',
    region text not null default '',
    service_tier text not null default '',
    escalated_from text not null default '',
    prompt_version text not null default '',
    input_hash text not null default '',
    prefix_hash text not null default '',
    requests bigint,
    successes bigint,
    outcomes bigint,
    attempts bigint,
    input_tokens bigint,
    cached_input_tokens bigint,
    cache_write_5m_tokens bigint,
    cache_write_1h_tokens bigint,
    output_tokens bigint,
    reasoning_tokens bigint,
    audio_input_tokens bigint,
    audio_output_tokens bigint,
    image_input_tokens bigint,
    system_prompt_tokens bigint,
    retrieved_chunks bigint,
    gpu_ms bigint,
    latency_histogram jsonb,
    reported_cost numeric(38, 18),
    reported_currency text not null default '',
    audio_ms bigint,
    characters bigint,
    images bigint,
    primary key (hour, id)
) partition by range (hour);
create unique index ingest_usage_event on ingest_usage (source_id, event_id, hour)
    where event_id is not null;
create index ingest_usage_delivery on ingest_usage (delivery_id);
create index ingest_usage_source_hour on ingest_usage (source_id, hour);
alter sequence ingest_usage_id_seq owned by ingest_usage.id;

-- What pods held of the CPU and memory of their nodes, by the hour.
create table ingest_podhour (
    source_id bigint not null,
    delivery_id bigint not null,
    hour timestamptz not null,
    cluster text not null default '',
    node text not null,
    namespace text not null default '',
    pod text not null default '',
    observed_ms integer not null check (observed_ms between 0 and 3600000),
    cpu_requested_ms bigint,
    cpu_used_ms bigint,
    cpu_capacity_ms bigint,
    memory_requested_ms bigint,
    memory_used_ms bigint,
    memory_capacity_ms bigint,
    primary key (source_id, node, cluster, namespace, pod, hour)
) partition by range (hour);
create index ingest_podhour_node on ingest_podhour (node, hour);
create index ingest_podhour_hour on ingest_podhour (hour);

create function aicost_ensure_partitions(parent text, months date[]) returns void
language plpgsql as $$
declare
    month date;
    child text;
begin
    foreach month in array months loop
        child := parent || '_' || to_char(month, 'YYYYMM');
        if to_regclass(child) is null then
            perform pg_advisory_xact_lock(hashtext(child));
            execute format('create table if not exists %I partition of %I'
                           ' for values from (%L) to (%L)',
                           child, parent, month, month + interval '1 month');
        end if;
    end loop;
end $$;
