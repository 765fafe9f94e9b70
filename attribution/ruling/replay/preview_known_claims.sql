insert into p_claim
select no, by_day, follows,
       rule_id, resource_rule_id, pod_rule_id, own, kind, state, activity, evidence, workload,
       model, feature, experiment, team, environment, instance_time, instance_part, token_class,
       tokens_per_unit, input_per_minute, output_per_minute, bucket, storage_class
  from p_known
 where series_id = -no
