-- A bucket's bytes by prefix, of the charge's own class where the snapshot knows that class. The
-- map says whose a prefix is; the bucket's tags fill what it leaves empty, and what nobody names
-- is unattributed. Beyond 10^12 bytes the weights are blocks of bytes.
insert into w_part (charge_id, kind, state, activity, workload, model, feature, experiment, team,
                    environment, evidence, weight)
with lies as (
    select c.charge_id, s.bucket, s.prefix, sum(s.bytes) as bytes
      from w_charge c
      join w_stored s on s.bucket = c.bucket
       and (s.storage_class = c.storage_class or not exists (
               select from w_stored o
                where o.bucket = c.bucket and o.storage_class = c.storage_class
           ))
     where c.method = 'storage'
     group by 1, 2, 3
), place as (
    select b.bucket, b.prefix, m.*
      from (select distinct bucket, prefix from w_stored) b
      left join lateral (
          select m.id, m.workload, m.model, m.feature, m.experiment, m.team, m.environment
            from aicost_storagemap_on(%(day)s) m
           where m.bucket in ('', b.bucket)
             and b.prefix like replace(replace(replace(replace(
                     m.pattern, '\', '\\'), '%%', '\%%'), '_', '\_'), '*', '%%')
             and (m.valid_from is null or m.valid_from <= %(day)s)
             and (m.valid_to is null or m.valid_to > %(day)s)
           order by m.position, length(m.pattern) desc, m.bucket desc, m.id
           limit 1
      ) m on true
), named as (
    select l.charge_id, l.bytes, p.id is not null as is_mapped,
           coalesce(aw.canonical, nullif(p.workload, ''), c.workload) as workload,
           coalesce(am.canonical, nullif(p.model, ''), c.model) as model,
           coalesce(af.canonical, nullif(p.feature, ''), c.feature) as feature,
           coalesce(ax.canonical, nullif(p.experiment, ''), c.experiment) as experiment,
           coalesce(at.canonical, nullif(p.team, ''), c.team) as team,
           coalesce(ae.canonical, nullif(p.environment, ''), c.environment) as environment,
           c.activity, ceil(sum(l.bytes) over (partition by l.charge_id) / 1000000000000) as block
      from lies l
      join place p using (bucket, prefix)
      join w_charge c using (charge_id)
      left join w_alias aw on aw.dimension = 'workload' and aw.raw = p.workload
      left join w_alias am on am.dimension = 'model' and am.raw = p.model
      left join w_alias af on af.dimension = 'feature' and af.raw = p.feature
      left join w_alias ax on ax.dimension = 'experiment' and ax.raw = p.experiment
      left join w_alias at on at.dimension = 'team' and at.raw = p.team
      left join w_alias ae on ae.dimension = 'environment' and ae.raw = p.environment
)
select n.charge_id, case when o.owned then 'workload' else 'unattributed' end,
       case when o.owned then 'active' else 'unclaimed' end, n.activity, n.workload, n.model,
       n.feature, n.experiment, n.team, n.environment,
       min(case when not o.owned then 'fallback' when n.is_mapped then 'measured'
           else 'tagged' end),
       sum(ceil(n.bytes / n.block))::bigint
  from named n
 cross join lateral (
     select (n.workload, n.model, n.feature, n.experiment, n.team) <> ('', '', '', '', '') as owned
 ) o
 group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
