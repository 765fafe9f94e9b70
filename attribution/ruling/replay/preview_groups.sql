-- Series that behave alike: the same claims, and where the day decides the same resource too.
create temp table p_group on commit drop as
select o.series_id, d.day_before or d.day_after as by_day, d.day_before, d.day_after,
       s.billing_currency as currency, b.tokens_per_unit, o.no as old_no,
       n.no as new_no, resource.told as of_resource,
       min(o.series_id) over (
           partition by o.no, n.no, s.billing_currency, u.what,
               case when d.day_before or d.day_after then s.source_id end,
               case when d.day_before or d.day_after
                    then coalesce(nullif(s.consumed_unit, ''), s.pricing_unit) end,
               case when resource.told then s.resource_id end,
               case when resource.told then s.instance_type end,
               case when resource.told then s.extras ->> 'GpuCount' end) as first
  from p_told o
  join p_told n on n.series_id = o.series_id and n.side = 2
  join p_claim b on b.no = o.no
  join p_claim a on a.no = n.no
  join ingest_chargeseries s on s.id = o.series_id
  left join p_bound u on u.series_id = o.series_id
  left join p_resource k on k.resource_id = s.resource_id
 cross join lateral (
     select coalesce(b.resource_rule_id, b.pod_rule_id) is not null
            and k.resource_id is not null as before,
            coalesce(a.resource_rule_id, a.pod_rule_id) is not null
            and k.resource_id is not null as after
 ) known
 cross join lateral (select known.before or known.after as told) resource
 cross join lateral (
     select b.by_day or known.before or u.what is not null as day_before,
            a.by_day or known.after or u.what is not null as day_after
 ) d
 where o.side = 1
