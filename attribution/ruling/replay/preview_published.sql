-- What was published of the single charges on those days, by the names of its targets. Charges of a
-- group are of one currency.
create temp table p_published on commit drop as
select a.first, a.source_id, a.day, a.is_credit, a.is_negative, a.currency,
       t.kind, t.state, t.activity, t.workload, t.model, t.feature, t.experiment, t.team,
       t.environment, a.billed_cost, a.effective_cost
  from (
      select s.source_id, s.day, s.first, p.target_id, s.is_credit,
             s.effective_cost < 0 as is_negative, min(s.currency) as currency,
             sum(p.billed_cost) as billed_cost, sum(p.effective_cost) as effective_cost
        from p_single s
        join p_standing using (source_id, day)
        join attribution_allocatedcharge p
          on p.source_id = s.source_id and p.day = s.day and p.charge_id = s.id
       where s.day_before
       group by 1, 2, 3, 4, 5, 6
  ) a
  join attribution_target t on t.id = a.target_id
