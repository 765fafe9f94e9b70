-- The bill against the ledger for the days of the month; no row may remain.
select s.name as source, b.currency, sum(b.billed) as billed, sum(b.effective) as effective
  from (
      select c.source_id, h.billing_currency as currency, sum(c.billed_cost) as billed,
             sum(c.effective_cost) as effective
        from ingest_charge c
        join ingest_chargeseries h on h.id = c.series_id
       where c.day >= %(start)s and c.day < %(end)s
       group by 1, 2
      union all
      select source_id, currency, -sum(billed_cost), -sum(effective_cost)
        from attribution_costday
       where day >= %(start)s and day < %(end)s
       group by 1, 2
  ) b
  join ingest_source s on s.id = b.source_id
 group by 1, 2
having sum(b.billed) <> 0 or sum(b.effective) <> 0
 order by 1, 2
