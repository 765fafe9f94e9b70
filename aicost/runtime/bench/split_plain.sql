-- The same join and the same columns, without exactness: cost times weight over total.
create temp table w_plain as
with target as (
    select t.id, t.key
      from (select distinct key from w_part) p
      join attribution_target t using (key)
), total as (
    select charge_id, sum(weight) as total from w_part group by charge_id
)
select p.charge_id, t.id as target_id, p.evidence, p.weight, o.total, c.rule_id, c.then_method,
       c.method,
       round(c.billed_cost * p.weight / o.total, 18) as billed_cost,
       round(c.effective_cost * p.weight / o.total, 18) as effective_cost,
       round(c.list_cost * p.weight / o.total, 18) as list_cost,
       round(c.contracted_cost * p.weight / o.total, 18) as contracted_cost,
       round(c.pricing_quantity * p.weight / o.total, 18) as pricing_quantity,
       round(c.consumed_quantity * p.weight / o.total, 18) as consumed_quantity
  from w_part p
  join target t using (key)
  join total o using (charge_id)
  join w_charge c using (charge_id)
