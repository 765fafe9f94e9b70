-- Single charges of series whose money the day decides, before or after the change.
create temp table p_single on commit drop as
select g.first, g.day_before, g.day_after, g.currency, g.of_resource, g.tokens_per_unit,
       c.id, c.source_id, c.day, c.billed_cost, c.effective_cost, c.consumed_quantity,
       c.pricing_quantity,
       case %(basis)s when 'billed' then c.billed_cost else c.effective_cost end < 0 as is_credit
  from p_group g
  join ingest_charge c on c.series_id = g.series_id
 where g.by_day and c.day >= %(start)s and c.day < %(end)s
