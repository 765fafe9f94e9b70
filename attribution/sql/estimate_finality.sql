-- Per source: the last day of its bill that is final, by age or by the source's own watermark, and
-- the currency of its last charges. A source without charges is final nowhere.
select s.id, s.name, s.kind, least(r.through, coalesce((s.state ->> 'final_through')::date,
           %(today)s::date - s.final_after_days)) as final_through,
       r.currency
  from ingest_source s
  left join lateral (
      select max(c.day) as through,
             (array_agg(h.billing_currency order by c.day desc, h.id))[1] as currency
        from ingest_charge c
        join ingest_chargeseries h on h.id = c.series_id
       where c.source_id = s.id and c.long_period_end is null
         and c.day >= %(today)s::date - 120
  ) r on true
