-- Take what ingest said and mark the days it dirties. Telemetry, calls, maps and prices dirty
-- that day of every bill source with a series some rule weighs by them; a snapshot of storage the
-- days until it is 35 days old, and calls those on which a silent model is asked for them. What is
-- pinned does not reach a closed month: reopening it dirties all its days.
with taken as (
    delete from ingest_changedday returning source_id, day, what
), direct as (
    select source_id, day, what from taken where what = 'charges'
), changed as (
    select distinct day, what from taken where what <> 'charges'
), customers as (
    -- Calls of customers split also what no rule weighs by them (attribution.customers).
    update attribution_customersplit set version = -1
     where day in (select day from changed where what = 'usage')
), weighing as (
    select distinct c.source_id, c.day, t.what
      from changed t
      join ingest_charge c on c.day = t.day
     where not exists (
         select from direct d where d.source_id = c.source_id and d.day = c.day
     )
       and not (t.what in ('map', 'price') and exists (
         select from attribution_monthclose m
          where m.month = date_trunc('month', c.day::timestamp)::date and m.reopened_at is null
     ))
       and t.what <> 'storage' and exists (
         select from attribution_seriesclaim k
           join attribution_allocationrule r
             on r.id in (k.resource_rule_id, k.pod_rule_id, k.rule_id)
          where k.series_id = c.series_id
            and (r.method in ('gpu_time', 'pods', 'tokens', 'requests', 'provisioned')
                 or r.then <> 'nothing' or t.what = 'map')
     )
), reached as (
    -- Few series are of such methods, on most installations none.
    select distinct c.source_id, c.day, f.what
      from (
          select distinct (t.day + n)::date as day, t.what
            from changed t
           cross join generate_series(0, case t.what when 'storage' then 34 else 30 end) n
           where t.what in ('storage', 'usage')
      ) f
      join ingest_charge c on c.day = f.day
      join (
          select distinct k.series_id, r.method
            from attribution_allocationrule r
            join attribution_seriesclaim k on k.rule_id = r.id
           where r.method in ('storage', 'provisioned')
      ) m on m.series_id = c.series_id
       and m.method = case f.what when 'storage' then 'storage' else 'provisioned' end
     where not exists (
         select from direct d where d.source_id = c.source_id and d.day = c.day
     )
), dirty as (
    select source_id, day, array_agg(distinct what order by what) as reasons
      from (select * from direct union all select * from weighing
            union all select * from reached) d
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
