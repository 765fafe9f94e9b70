-- Rows of the ledger by target, evidence and what the bill says; the latter by number, since
-- grouping millions of rows by many texts takes most of the time.
insert into attribution_costday
    (day, billing_period, source_id, currency, target_id, sub_account_id, service_name, region_id,
     charge_category, evidence, is_long, is_month_spread, billed_cost, effective_cost, list_cost,
     contracted_cost, idle_spread_billed, shared_spread_billed, idle_spread_effective,
     shared_spread_effective)
with bill as materialized (
    select *, row_number() over () as number
      from (select distinct billing_period, currency, sub_account_id, service_name, region_id,
                   charge_category, is_long
              from w_charge) named
), numbered as materialized (
    select c.charge_id, b.number
      from w_charge c
      join bill b using (billing_period, currency, sub_account_id, service_name, region_id,
                         charge_category, is_long)
), summed as materialized (
    select n.number, a.target_id, a.evidence, sum(a.billed_cost) as billed_cost,
           sum(a.effective_cost) as effective_cost, sum(a.list_cost) as list_cost,
           sum(a.contracted_cost) as contracted_cost
      from attribution_allocatedcharge a
      join numbered n using (charge_id)
     where a.source_id = %(source)s and a.day = %(day)s
     group by 1, 2, 3
)
select %(day)s, b.billing_period, %(source)s, b.currency, s.target_id, b.sub_account_id,
       b.service_name, b.region_id, b.charge_category, s.evidence, b.is_long, false,
       s.billed_cost, s.effective_cost, s.list_cost, s.contracted_cost, 0, 0, 0, 0
  from summed s
  join bill b using (number)
