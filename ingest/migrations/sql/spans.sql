-- Spans seen in the last days, to know which call repeats another: by day of arrival, so that old
-- ones go with their table. What repeats stands aside whole, in case it turns out to count.

alter table ingest_otlpbatch alter column calls set storage external;
alter table ingest_otlpbatch alter column links set storage external;

create table ingest_span (
    source_id bigint not null,
    day date not null,
    trace_id uuid not null,
    span_id bigint not null,
    parent_id bigint,
    is_call boolean not null,
    told boolean not null
) partition by range (day);
create index ingest_span_trace on ingest_span (trace_id);

create table ingest_usagerepeated (
    source_id bigint not null,
    trace_id uuid not null,
    span_id bigint not null,
    time timestamptz not null,
    call jsonb not null,
    primary key (source_id, trace_id, span_id)
);
create index ingest_usagerepeated_time on ingest_usagerepeated (time);

create function aicost_span_day(today date, days_kept integer) returns void
language plpgsql as $$
declare
    child text := 'ingest_span_' || to_char(today, 'YYYYMMDD');
    old text;
begin
    if to_regclass(child) is not null then
        return;
    end if;
    perform pg_advisory_xact_lock(hashtext('ingest_span'));
    execute format('create table if not exists %I partition of ingest_span'
                   ' for values from (%L) to (%L)', child, today, today + 1);
    for old in
        select relid::regclass::text from pg_partition_tree('ingest_span') where isleaf
    loop
        if right(old, 8) < to_char(today - days_kept, 'YYYYMMDD') then
            execute format('drop table %I', old);
        end if;
    end loop;
end $$;
