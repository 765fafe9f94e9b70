-- Claims by number; `by_day` when what happened on the day decides where the money stands
-- (telemetry of a known resource aside), `follows` when where other charges stand does.
create temp table p_claim on commit drop as
select 0::bigint as no, false as by_day, false as follows,
       rule_id, resource_rule_id, pod_rule_id, own, kind, state, activity, evidence, workload,
       model, feature, experiment, team, environment, instance_time, instance_part, token_class,
       tokens_per_unit, input_per_minute, output_per_minute, bucket, storage_class
  from attribution_seriesclaim
  with no data
