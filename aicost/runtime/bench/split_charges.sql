create temp table w_charge on commit drop as
select i as charge_id, 1 as rule_id, 'nothing' as then_method, 'gpu_time' as method,
       (i %% 9973 * 0.0123456789)::numeric(38, 18) as billed_cost,
       (i %% 7919 * 0.0323456789)::numeric(38, 18) as effective_cost,
       (i %% 6101 * 0.0423456789)::numeric(38, 18) as list_cost,
       null::numeric(38, 18) as contracted_cost,
       (i %% 5003 * 0.5)::numeric(38, 18) as pricing_quantity,
       24::numeric(38, 18) as consumed_quantity
  from generate_series(1, %(size)s) i
