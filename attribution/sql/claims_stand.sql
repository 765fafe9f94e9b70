-- Whether every series charged on the day is claimed as it was under the rule set of its last
-- publication, of the same names and words.
select not exists (
    select
      from ingest_charge c
      join attribution_seriesclaim n
        on n.series_id = c.series_id and n.rule_set_id = %(rule_set)s
      left join attribution_seriesclaim o
        on o.series_id = c.series_id and o.rule_set_id = %(published)s
     where c.source_id = %(source)s and c.day = %(day)s
       and (o.rule_id, o.resource_rule_id, o.pod_rule_id, o.own, o.kind, o.state, o.activity,
            o.evidence, o.workload, o.model, o.feature, o.experiment, o.team, o.environment,
            o.instance_time, o.instance_part, o.token_class, o.tokens_per_unit,
            o.input_per_minute, o.output_per_minute, o.bucket, o.storage_class)
           is distinct from
           (n.rule_id, n.resource_rule_id, n.pod_rule_id, n.own, n.kind, n.state, n.activity,
            n.evidence, n.workload, n.model, n.feature, n.experiment, n.team, n.environment,
            n.instance_time, n.instance_part, n.token_class, n.tokens_per_unit,
            n.input_per_minute, n.output_per_minute, n.bucket, n.storage_class)
)
