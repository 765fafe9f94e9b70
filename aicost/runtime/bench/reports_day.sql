-- A day of the ledger: charges of machines whose endpoint, account and service go together, eight
-- parts each, on some hundred endpoints and what calls them.
insert into attribution_allocatedcharge
    (day, source_id, charge_id, stage1_target_id, target_id, rule_id, evidence, weight,
     total_weight, weight2, total_weight2, billed_cost, effective_cost, list_cost,
     contracted_cost, pricing_quantity, consumed_quantity)
select
    %(day)s, %(source)s, %(first)s + i, %(target)s + i %% 200 * 8,
    %(target)s + i %% 200 * 8 + k, %(rule)s,
    case i %% 20 when 0 then 'fallback' else 'measured' end, 1, 1, k + 1, 36,
    (i %% 9973 * 0.0012345678)::numeric(38, 18),
    (i %% 7919 * 0.0032345678)::numeric(38, 18), (i %% 6101 * 0.0042345678)::numeric(38, 18), null,
    3, 3
from generate_series(1, %(charges)s) i
cross join generate_series(0, 7) k
