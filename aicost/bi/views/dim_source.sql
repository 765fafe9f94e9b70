create or replace view reporting_v1.dim_source as
select id as source_id, name as source, kind from ingest_source
