-- The day's charges with the rule that claims each of them.
create temp table w_charge on commit drop as
with instance as (
    select s.resource_id,
           bool_or(lower(s.instance_type) = any(%(instance_types)s) or k.instance_part = 'gpu'
                   or coalesce(s.extras ->> 'GpuCount', '') ~ '^[1-9][0-9]{0,3}$') as has_gpus
      from ingest_charge c
      join ingest_chargeseries s on s.id = c.series_id
      join attribution_seriesclaim k on k.series_id = s.id and k.rule_set_id = %(rule_set)s
     where c.source_id = %(source)s and c.day = %(day)s
       and coalesce(k.resource_rule_id, k.pod_rule_id) is not null and s.resource_id <> ''
     group by s.resource_id
), node as (
    select i.resource_id, m.node, not m.found as by_hand
      from instance i
      join aicost_resourcemap_on(%(day)s) m on m.resource_id = i.resource_id
       and (m.valid_from is null or m.valid_from <= %(day)s)
       and (m.valid_to is null or m.valid_to > %(day)s)
    union all
    select resource_id, resource_id, null from instance
), told as materialized (
    -- The first row of the node or of the next one, in the order of one index: no statistics make
    -- the planner look for a node that is not there in another.
    select n.resource_id, bool_or(i.has_gpus) as has_gpus, bool_or(n.by_hand) as by_hand,
           bool_or(n.by_hand is not null) as mapped,
           bool_or((select g.node = n.node and g.t_start < %(day)s::date + 1
                      from ingest_gpuinterval g
                     where g.node >= n.node order by g.node, g.t_start limit 1)) as gpus,
           bool_or((select p.node = n.node and p.hour < %(day)s::date + 1
                      from ingest_podhour p
                     where p.node >= n.node order by p.node, p.hour limit 1)) as pods
      from node n
      join instance i using (resource_id)
     group by n.resource_id
), known as (
    -- A cluster names all its nodes: one it maps has GPUs if the bill or telemetry says so.
    select resource_id,
           case when gpus or has_gpus and mapped then 'gpu'
                when pods and not has_gpus then 'pods'
                when by_hand then 'gpu' end as by
      from told
)
select c.id as charge_id, c.billing_period, c.long_period_end is not null as is_long,
       c.billed_cost, c.effective_cost, c.list_cost, c.contracted_cost,
       c.pricing_quantity, c.consumed_quantity,
       s.resource_id, s.instance_type, s.billing_currency as currency,
       coalesce(nullif(s.sub_account_id, ''), s.billing_account_id) as sub_account_id,
       s.service_name, s.region_id, s.charge_category,
       coalesce(nullif(s.consumed_unit, ''), s.pricing_unit) as unit,
       substring(s.extras ->> 'GpuCount' from '^[1-9][0-9]{0,3}$')::int as gpus,
       k.instance_time, k.instance_part, k.token_class, k.tokens_per_unit,
       k.input_per_minute, k.output_per_minute, k.bucket, k.storage_class,
       r.id as rule_id, r.method, r.then as then_method, r.fallback, r.options,
       claim.by is not null as by_resource,
       k.kind, k.state, k.activity, k.evidence,
       k.workload, k.model, k.feature, k.experiment, k.team, k.environment, k.own
  from ingest_charge c
  join ingest_chargeseries s on s.id = c.series_id
  join attribution_seriesclaim k on k.series_id = c.series_id and k.rule_set_id = %(rule_set)s
  left join known on known.resource_id = s.resource_id
 cross join lateral (
     select case when known.by = 'gpu' and k.resource_rule_id is not null then 'gpu'
                 when known.by = 'pods' and k.pod_rule_id is not null then 'pods' end as by
 ) claim
  join attribution_allocationrule r
    on r.id = case claim.by when 'gpu' then k.resource_rule_id
                            when 'pods' then k.pod_rule_id else k.rule_id end
 where c.source_id = %(source)s and c.day = %(day)s
