-- Capacity by the hour: weights are hundred-thousandths of unit-minutes. Charges of a model whose
-- units serve the same are one capacity; what the calls did not use of it is idle. Of calls that
-- say how they were served, only the provisioned ones count. Capacity nobody knows goes by tokens.
insert into w_part (charge_id, kind, state, activity, workload, model, feature, experiment, team,
                    environment, evidence, weight)
with bought as (
    select charge_id, model, environment, input_per_minute, output_per_minute,
           case when coalesce(input_per_minute, output_per_minute) is not null then
               case when unit ~* '(^|[ -])(h|hrs?|hours?)$' then 60
                    when unit ~* '(^|[ -])(min|minutes?)$' then 1 end
               * greatest(coalesce(consumed_quantity, pricing_quantity), 0) end as unit_minutes
      from w_charge
     where method = 'provisioned' and model <> ''
), served as (
    select u.*, u.input_tokens + u.cache_write_5m_tokens + u.cache_write_1h_tokens
               + u.audio_input_tokens + u.image_input_tokens as inputs,
           u.output_tokens + u.reasoning_tokens + u.audio_output_tokens as outputs
      from w_usage u
     where u.provisioned or not exists (
         select from w_usage p where p.model = u.model and p.provisioned
     )
), used as (
    select b.charge_id, b.unit_minutes, u.activity, u.workload, u.feature, u.experiment, u.team,
           u.environment,
           case when b.unit_minutes > 0 then ceil(100000 * (
                    coalesce(sum(u.inputs) / b.input_per_minute, 0)
                    + coalesce(sum(u.outputs) / b.output_per_minute, 0)))
                else sum(u.inputs + u.cached_input_tokens + u.outputs) end as weight
      from bought b
      join served u on u.model = b.model
       and (b.environment = '' or u.environment = '' or u.environment = b.environment)
     group by b.charge_id, b.unit_minutes, b.input_per_minute, b.output_per_minute, u.activity,
              u.workload, u.feature, u.experiment, u.team, u.environment
), capacity as (
    select charge_id, unit_minutes,
           floor(100000 * sum(unit_minutes) over (
               partition by model, environment, input_per_minute, output_per_minute)) as weight
      from bought
), rest as (
    -- A silent model is idle only if its calls are metered at all: else nobody knows.
    select k.charge_id, 'idle' as kind, 'empty_idle' as state, 'inference' as activity,
           '' as workload, '' as feature, '' as experiment, '' as team, '' as environment,
           'measured' as evidence,
           case when k.unit_minutes > 0 then k.weight - coalesce(u.weight, 0)
                when u.weight is null then 1 end as weight
      from capacity k
      left join (select charge_id, sum(weight) as weight from used group by 1) u using (charge_id)
      join w_charge c using (charge_id)
     where u.weight > 0 or exists (
         select from ingest_usageday d
           left join w_alias a on a.dimension = 'model' and a.raw = d.model
          where d.day > %(day)s::date - 31 and d.day <= %(day)s
            and coalesce(a.canonical, d.model) = c.model
     )
), part as (
    select charge_id, 'workload' as kind, 'active' as state, activity, workload, feature,
           experiment, team, environment,
           case when unit_minutes > 0 then 'measured' else 'inferred' end as evidence, weight
      from used
    union all
    select * from rest
)
select p.charge_id, p.kind, p.state, p.activity,
       coalesce(nullif(c.workload, ''), p.workload), c.model,
       coalesce(nullif(c.feature, ''), p.feature),
       coalesce(nullif(c.experiment, ''), p.experiment),
       coalesce(nullif(c.team, ''), p.team),
       coalesce(nullif(c.environment, ''), p.environment),
       min(p.evidence), sum(p.weight)::bigint
  from part p
  join w_charge c using (charge_id)
 where p.weight > 0
 group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
