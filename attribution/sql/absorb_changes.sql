-- Take what ingest said and mark the days it dirties. Telemetry, calls, maps and prices dirty
-- that day of every bill source with a series some rule weighs by them. What is pinned does not
-- reach a closed month: reopening it dirties all its days.
with taken as (
    delete from ingest_changedday returning source_id, day, what
), direct as (
    select source_id, day, what from taken where what = 'charges'
), weighing as (
    select distinct c.source_id, t.day, t.what
      from (select distinct day, what from taken where what <> 'charges') t
      join ingest_charge c on c.day = t.day
     where not exists (
         select from direct d where d.source_id = c.source_id and d.day = t.day
     )
       and not (t.what in ('map', 'price') and exists (
         select from attribution_monthclose m
          where m.month = date_trunc('month', t.day::timestamp)::date and m.reopened_at is null
     ))
       and exists (
         select from attribution_seriesclaim k
           join attribution_allocationrule r on r.id = coalesce(k.resource_rule_id, k.rule_id)
          where k.series_id = c.series_id
            and (r.method in ('gpu_time', 'tokens', 'requests') or r.then <> 'nothing'
                 or t.what = 'map')
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
