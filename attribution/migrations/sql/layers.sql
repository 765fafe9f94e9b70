-- The layer of what money buys, decided when it is read: nothing of it stands in the ledger. A
-- service is a model API when a rule that weighs tokens claims a series of it (as in report
-- margin). What serves and idles is hosting kept warm, whoever owns it; what no layer can be told
-- of has '' and stands on the line of its kind.
create view attribution_modelapi as
    select distinct s.source_id, s.service_name
      from attribution_seriesclaim k
      join attribution_allocationrule r on r.id = k.rule_id and r.method = 'tokens'
      join ingest_chargeseries s on s.id = k.series_id;

create function aicost_layer(kind text, activity text, is_api boolean) returns text
language sql immutable parallel safe as $$
    select case
        when kind = 'shared' then ''
        when activity = 'storage' then 'storage'
        when activity = 'network' then 'data_movement'
        when activity = 'observability' then 'observability'
        when activity = 'data' then 'data_processing'
        when activity in ('training', 'experimentation') then 'training_compute'
        when activity = 'inference' and kind = 'idle' then 'hosting_kept_warm'
        when activity = 'inference' and is_api then 'model_api'
        when activity = 'inference' then 'inference_compute'
        when kind = 'workload' then 'other'
        else ''
    end
$$;
