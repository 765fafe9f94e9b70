-- The day's charges with the rule that claims each of them.
create temp table w_charge on commit drop as
with instance as (
    select distinct s.resource_id
      from ingest_charge c
      join ingest_chargeseries s on s.id = c.series_id
      join attribution_seriesclaim k on k.series_id = s.id and k.rule_set_id = %(rule_set)s
     where c.source_id = %(source)s and c.day = %(day)s
       and k.resource_rule_id is not null and s.resource_id <> ''
), known as (
    select i.resource_id
      from instance i
     where exists (
               select from aicost_resourcemap_on(%(day)s) m
                where m.resource_id = i.resource_id
                  and (m.valid_from is null or m.valid_from <= %(day)s)
                  and (m.valid_to is null or m.valid_to > %(day)s)
           )
        or exists (
               select from ingest_gpuinterval g
                where g.node = i.resource_id and g.t_start < %(day)s::date + 1
           )
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
       known.resource_id is not null as by_resource,
       k.kind, k.state, k.activity, k.evidence,
       k.workload, k.model, k.feature, k.experiment, k.team, k.environment, k.own
  from ingest_charge c
  join ingest_chargeseries s on s.id = c.series_id
  join attribution_seriesclaim k on k.series_id = c.series_id and k.rule_set_id = %(rule_set)s
  left join known on known.resource_id = s.resource_id and k.resource_rule_id is not null
  join attribution_allocationrule r
    on r.id = case when known.resource_id is not null then k.resource_rule_id else k.rule_id end
 where c.source_id = %(source)s and c.day = %(day)s
