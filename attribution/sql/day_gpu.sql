-- GPU time counts once per resource, though several charges of it are split by the same weights.
insert into attribution_gpuday
    (source_id, day, resource_id, instance_type, target_id, currency, gpu_ms, billed_cost,
     effective_cost)
select %(source)s, %(day)s, c.resource_id, max(c.instance_type), s.target_id, c.currency,
       sum(case when c.charge_id = f.charge_id then s.weight else 0 end),
       sum(s.billed_cost), sum(s.effective_cost)
  from w_stage1 s
  join w_charge c using (charge_id)
  join (select resource_id, min(charge_id) as charge_id from w_charge
         where method = 'gpu_time' group by resource_id) f using (resource_id)
 where s.method = 'gpu_time'
   and exists (select from w_capacity k where k.resource_id = c.resource_id)
 group by c.resource_id, s.target_id, c.currency
