-- Where the day's other charges of each such thing stand in the end, after the calls of stage 2,
-- in 10^-12 of its effective cost; what was given back itself says nothing.
create temp table if not exists w_stands on commit drop as
with part as (
    select k.what, c.then_method, p.kind, p.state, p.activity, p.workload, p.model, p.feature,
           p.experiment, p.team, p.environment,
           greatest(c.effective_cost, 0) * p.weight
               / sum(p.weight) over (partition by p.charge_id) as cost
      from w_what k
      join w_charge c on c.charge_id = k.charge_id and c.method not in ('follow', 'refund')
      join w_part p on p.charge_id = k.charge_id
), pooled as (
    select row_number() over () as nth, what, then_method, kind, state, activity, workload, model,
           feature, experiment, team, environment, sum(cost) as cost
      from part
     group by 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
), called as (
    select p.nth, u.workload, u.feature, u.experiment, u.team, u.environment,
           sum(w.weight) as weight
      from pooled p
      join w_usage u on u.model = p.model and u.activity = 'inference'
       and (p.workload = '' or u.workload = '' or u.workload = p.workload)
       and (p.environment = '' or u.environment = '' or u.environment = p.environment)
     cross join lateral (
         select case p.then_method
                when 'requests' then u.requests
                else u.input_tokens + u.cached_input_tokens + u.cache_write_5m_tokens
                     + u.cache_write_1h_tokens + u.output_tokens + u.reasoning_tokens
                     + u.audio_input_tokens + u.audio_output_tokens + u.image_input_tokens
                end as weight
     ) w
     where p.then_method in ('requests', 'tokens') and p.model <> ''
       and p.activity = 'inference' and p.kind in ('workload', 'idle') and w.weight > 0
     group by 1, 2, 3, 4, 5, 6
), shared as (
    select p.what, p.kind, p.state, p.activity, p.model,
           coalesce(nullif(p.workload, ''), c.workload, '') as workload,
           coalesce(nullif(p.feature, ''), c.feature, '') as feature,
           coalesce(nullif(p.experiment, ''), c.experiment, '') as experiment,
           coalesce(nullif(p.team, ''), c.team, '') as team,
           coalesce(nullif(p.environment, ''), c.environment, '') as environment,
           case when c.nth is null then p.cost
                else p.cost * c.weight / sum(c.weight) over (partition by p.nth) end as cost
      from pooled p
      left join called c using (nth)
), whole as (
    select what, sum(cost) as cost from shared group by 1
)
select s.what, s.kind, s.state, s.activity, s.workload, s.model, s.feature, s.experiment, s.team,
       s.environment, floor(sum(s.cost) * 1000000000000 / w.cost)::bigint as weight
  from shared s
  join whole w on w.what = s.what and w.cost > 0
 group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, w.cost
having floor(sum(s.cost) * 1000000000000 / w.cost) > 0
