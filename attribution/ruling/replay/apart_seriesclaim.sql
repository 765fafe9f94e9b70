-- The columns of preview_series_claims.sql.
create temp table attribution_seriesclaim on commit drop as
select 0 as rule_set_id, series_id, 0::bigint as no, false as by_day, false as follows,
       rule_id, resource_rule_id, pod_rule_id, own, kind, state, activity, evidence, workload,
       model, feature, experiment, team, environment, instance_time, instance_part, token_class,
       tokens_per_unit, input_per_minute, output_per_minute, bucket, storage_class
  from attribution_seriesclaim
  with no data
