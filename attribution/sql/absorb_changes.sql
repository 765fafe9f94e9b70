-- Take what ingest said and mark the days it dirties. Telemetry, calls, maps and prices dirty
-- that day of every bill source with a series some rule weighs by them; a snapshot of storage the
-- days until it is 35 days old, and calls those on which a silent model is asked for them. What is
-- pinned does not reach a closed month: reopening it dirties all its days.
with taken as (
    delete from ingest_changedday returning source_id, day, what
), direct as (
    select source_id, day, what from taken where what = 'charges'
), reaching as (
    select distinct day, what, day as last_day from taken where what <> 'charges'
    union
    select day, what, day + case what when 'storage' then 34 else 30 end
      from taken
     where what in ('storage', 'usage')
       and exists (select from attribution_allocationrule
                    where method = case what when 'storage' then 'storage' else 'provisioned' end)
), weighing as (
    select distinct c.source_id, c.day, t.what
      from reaching t
      join ingest_charge c on c.day >= t.day and c.day <= t.last_day
     where not exists (
         select from direct d where d.source_id = c.source_id and d.day = c.day
     )
       and not (t.what in ('map', 'price') and exists (
         select from attribution_monthclose m
          where m.month = date_trunc('month', c.day::timestamp)::date and m.reopened_at is null
     ))
       and exists (
         select from attribution_seriesclaim k
           join attribution_allocationrule r
             on r.id in (k.resource_rule_id, k.pod_rule_id, k.rule_id)
          where k.series_id = c.series_id
            and case when t.what = 'map' then true
                     when t.what = 'storage' then r.method = 'storage'
                     when t.last_day > t.day then r.method = 'provisioned'
                     else r.method in ('gpu_time', 'pods', 'tokens', 'requests', 'provisioned')
                          or r.then <> 'nothing' end
     )
), dirty as (
    select source_id, day, array_agg(distinct what order by what) as reasons
      from (select * from direct union all select * from weighing) d
     group by source_id, day
)
insert into attribution_daystate as s
    (source_id, day, dirty_version, published_version, reasons, claimed_by, failure)
select source_id, day, 1, 0, reasons, '', '' from dirty order by source_id, day
on conflict (source_id, day) do update
   set dirty_version = s.dirty_version + 1, failure = '',
       reasons = (select array_agg(distinct r order by r)
                    from unnest(s.reasons || excluded.reasons) r)
returning source_id, day
