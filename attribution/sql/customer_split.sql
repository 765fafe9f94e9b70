-- The day's cost of each target over the customers of its calls: by priced tokens where every call
-- of its one model tells them, else by requests; with the one split of the ledger (DESIGN), in the
-- order of names. Calls that name no customer take their part too: it stays with the target.
with priced as materialized (
    select c.*, case when exists (select from w_price p where p.model = c.model)
        then (select sum(p.weight_per_token * k.n)
                from (values ('input_tokens', c.input_tokens),
                             ('cached_input_tokens', c.cached_input_tokens),
                             ('cache_write_5m_tokens', c.cache_write_5m_tokens),
                             ('cache_write_1h_tokens', c.cache_write_1h_tokens),
                             ('output_tokens', c.output_tokens),
                             ('reasoning_tokens', c.reasoning_tokens),
                             ('audio_input_tokens', c.audio_input_tokens),
                             ('audio_output_tokens', c.audio_output_tokens),
                             ('image_input_tokens', c.image_input_tokens)) k (class, n)
                join w_price p on p.model = c.model and p.token_class = k.class)
        else c.tokens end as weight_tokens
      from w_call c
), basis as (
    select target_id, bool_and(tells_tokens and one_model) as by_tokens
      from w_agrees
     group by 1
), weighed as (
    select a.target_id, c.customer,
           sum(case when b.by_tokens then c.weight_tokens else c.requests end) as weight
      from w_agrees a
      join basis b using (target_id)
      join priced c using (model, workload, feature, experiment, team, environment, activity)
     group by 1, 2
    having sum(case when b.by_tokens then c.weight_tokens else c.requests end) > 0
), cut as materialized (
    select target_id, customer, weight,
           sum(weight) over (partition by target_id) as total,
           sum(weight) over (partition by target_id order by customer collate "C"
                             rows unbounded preceding) as upto
      from weighed
), pool as materialized (
    select c.target_id, c.currency,
           sum(c.billed_cost) * 1000000000000000000::numeric as billed_units,
           sum(c.effective_cost) * 1000000000000000000::numeric as effective_units
      from ingest_source s
      join attribution_costsum c on c.source_id = s.id and c.grain = 'target'
     where c.day = %(day)s
     group by 1, 2
)
insert into attribution_customercost
    (grain, day, customer, target_id, currency, billed_cost, effective_cost)
select 'day', %(day)s, k.customer, p.target_id, p.currency,
       aicost_part_of(p.billed_units, k.upto, k.upto - k.weight, k.total),
       aicost_part_of(p.effective_units, k.upto, k.upto - k.weight, k.total)
  from pool p
  join cut k using (target_id)
 where k.customer <> ''
