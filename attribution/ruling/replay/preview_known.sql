-- Claims as they are now; equal ones share the number of the first series.
create temp table p_known on commit drop as
select k.*, r.method = any(%(following)s) as follows,
       r.method <> all(%(still)s)
           or r.then <> 'nothing' and k.model <> '' and k.activity = 'inference' as by_day,
       -min(k.series_id) over (
           partition by hash_record_extended(alike, 0), hash_record_extended(alike, 1)) as no
  from attribution_seriesclaim k
  join attribution_allocationrule r on r.id = k.rule_id
 cross join lateral (
     select row(k.rule_id, k.resource_rule_id, k.pod_rule_id, k.own, k.kind, k.state, k.activity,
                k.evidence, k.workload, k.model, k.feature, k.experiment, k.team, k.environment,
                k.instance_time, k.instance_part, k.token_class, k.tokens_per_unit,
                k.input_per_minute, k.output_per_minute, k.bucket, k.storage_class) as alike
 ) a
 where k.rule_set_id = %(rule_set)s
   and k.series_id in (select series_id from p_series)
