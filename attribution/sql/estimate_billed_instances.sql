-- The effective rate last billed for one hour of each instance ('' stands for any of its type),
-- over the final days of the 30 before this one: a spot node and one on demand have rates of their
-- own. A machine of several meters costs what all of them cost, and ran for its GPU time / its
-- GPUs; where nobody tells how many it has, it has no rate.
with charge as (
    select c.source_id, c.day, h.billing_currency, h.resource_id, k.instance_part,
           c.effective_cost,
           coalesce(nullif(lower(h.instance_type), ''), case when h.resource_id <> '' then
               max(lower(h.instance_type)) over (
                   partition by c.source_id, c.day, h.billing_currency, h.resource_id)
               end) as instance_type,
           coalesce(c.consumed_quantity, c.pricing_quantity)
               / case when coalesce(nullif(h.consumed_unit, ''), h.pricing_unit)
                           ~* '(^|[ -])s(ec(ond)?s?)?$'
                      then 3600 else 1 end as hours
      from ingest_charge c
      join ingest_chargeseries h on h.id = c.series_id
      join attribution_daystate y on y.source_id = c.source_id and y.day = c.day
      join attribution_seriesclaim k
        on k.series_id = c.series_id and k.rule_set_id = y.rule_set_id
     where c.day >= %(day)s::date - 30 and c.day < %(day)s and c.source_id = any(%(sources)s)
       and c.day <= (%(final)s::jsonb ->> c.source_id::text)::date
       and k.instance_time and coalesce(c.consumed_quantity, c.pricing_quantity) > 0
), machine as (
    select source_id, day, billing_currency, resource_id, instance_type,
           sum(effective_cost) as cost,
           sum(hours) filter (where instance_part = 'gpu') as gpu_hours,
           coalesce(sum(hours) filter (where instance_part = ''),
                    least(sum(hours) filter (where instance_part = 'cpu'), 24)) as instance_hours
      from charge
     where instance_type <> ''
     group by 1, 2, 3, 4, 5
), seen as (
    select resource_id, sum(devices) as gpus from w_instance group by resource_id
), ran as (
    select m.*, case when m.gpu_hours is null then m.instance_hours
                     else m.gpu_hours / coalesce(t.gpus, s.gpus) end as hours
      from machine m
      left join unnest(%(instance_types)s::text[], %(instance_gpus)s::int[]) as t (name, gpus)
        on t.name = m.instance_type
      left join seen s on s.resource_id = m.resource_id
)
select source_id, instance_type, billing_currency,
       case grouping(resource_id) when 1 then '' else resource_id end,
       round(sum(cost) / sum(hours), 30)
  from ran
 where hours > 0
 group by grouping sets (
       (source_id, instance_type, billing_currency),
       (source_id, instance_type, billing_currency, resource_id))
having sum(cost) > 0
 order by 1, 2, 3, 4
