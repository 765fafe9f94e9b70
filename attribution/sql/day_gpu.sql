-- GPU time counts once per resource, though several charges of it are split by the same weights;
-- beside it the same money by consumption, where processes told their own activity. That is a view:
-- it adds up to the same sum, and the ledger does not know it.
insert into attribution_gpuday
    (source_id, day, resource_id, instance_type, target_id, currency, gpu_ms, billed_cost,
     effective_cost, used_billed_cost, used_effective_cost, process_ms, alone_ms, sm_ms,
     sm_known_ms, gr_ms, gr_known_ms, hours_ms)
with first as (
    select c.resource_id, min(c.charge_id) as charge_id
      from w_charge c
      join w_capacity k using (resource_id)
     where c.method = 'gpu_time'
     group by c.resource_id
), reserved as (
    select c.resource_id, max(c.instance_type) as instance_type, s.target_id, c.currency,
           sum(s.billed_cost) as billed_cost, sum(s.effective_cost) as effective_cost
      from w_stage1 s
      join w_charge c using (charge_id)
      join w_capacity k using (resource_id)
     where s.method = 'gpu_time'
     group by c.resource_id, s.target_id, c.currency
), part as (
    select p.*, c.resource_id, c.currency, t.id as target_id,
           c.billed_cost as charged_billed, c.effective_cost as charged_effective,
           sum(p.used) over (partition by p.charge_id) as total,
           sum(p.used) over (partition by p.charge_id order by p.key
                             rows unbounded preceding) as upto
      from w_part p
      join w_charge c using (charge_id)
      join attribution_target t using (key)
     where c.method = 'gpu_time' and p.used is not null
), used as (
    select resource_id, target_id, currency,
           sum(aicost_part(charged_billed, upto, used, total)) as billed_cost,
           sum(aicost_part(charged_effective, upto, used, total)) as effective_cost
      from part
     where total > 0
     group by resource_id, target_id, currency
), told as (
    select f.resource_id, t.id as target_id, c.currency, p.gpu_ms, p.process_ms, p.alone_ms,
           p.sm_ms, p.sm_known_ms, p.gr_ms, p.gr_known_ms, p.hours_ms
      from first f
      join w_part p using (charge_id)
      join w_charge c using (charge_id)
      join attribution_target t using (key)
)
select %(source)s, %(day)s, r.resource_id, r.instance_type, r.target_id, r.currency,
       coalesce(t.gpu_ms, 0), r.billed_cost, r.effective_cost, u.billed_cost, u.effective_cost,
       coalesce(t.process_ms, 0), coalesce(t.alone_ms, 0), t.sm_ms, coalesce(t.sm_known_ms, 0),
       t.gr_ms, coalesce(t.gr_known_ms, 0), t.hours_ms
  from reserved r
  left join used u using (resource_id, target_id, currency)
  left join told t using (resource_id, target_id, currency)
