-- Tokens of the model that day: of the charge's own class when it names one, otherwise of every
-- class at its list price (w_price). Billed tokens beyond the metered ones are unmetered.
insert into w_part (charge_id, kind, state, activity, workload, model, feature, experiment, team,
                    environment, evidence, weight)
with metered as (
    select u.model, v.token_class, u.activity, u.workload, u.feature, u.experiment, u.team,
           u.environment, v.tokens, coalesce(p.weight_per_token, 1) as weight_per_token
      from w_usage u
     cross join lateral (values
           ('input_tokens', u.input_tokens), ('cached_input_tokens', u.cached_input_tokens),
           ('cache_write_5m_tokens', u.cache_write_5m_tokens),
           ('cache_write_1h_tokens', u.cache_write_1h_tokens),
           ('output_tokens', u.output_tokens), ('reasoning_tokens', u.reasoning_tokens),
           ('audio_input_tokens', u.audio_input_tokens),
           ('audio_output_tokens', u.audio_output_tokens),
           ('image_input_tokens', u.image_input_tokens)) v (token_class, tokens)
      left join w_price p on p.model = u.model and p.token_class = v.token_class
     where v.tokens > 0
), weighed as (
    select c.charge_id, m.activity, m.workload, m.feature, m.experiment, m.team, m.environment,
           sum(case c.token_class when '' then m.tokens * m.weight_per_token else m.tokens end)
               as weight,
           sum(m.tokens) as tokens
      from w_charge c
      join metered m on m.model = c.model and (c.token_class = '' or m.token_class = c.token_class)
       and (c.environment = '' or m.environment = '' or m.environment = c.environment)
     where c.method = 'tokens'
     group by 1, 2, 3, 4, 5, 6, 7
), billed as (
    select c.charge_id, sum(w.tokens) as metered, sum(w.weight) as weight,
           floor(coalesce(c.consumed_quantity, c.pricing_quantity) * c.tokens_per_unit) as tokens
      from w_charge c
      join weighed w using (charge_id)
     group by c.charge_id, c.consumed_quantity, c.pricing_quantity, c.tokens_per_unit
), part as (
    select charge_id, 'workload' as kind, 'active' as state, activity, workload, feature,
           experiment, team, environment, 'measured' as evidence, weight
      from weighed
    union all
    select charge_id, 'unattributed', 'unmetered', 'inference', '', '', '', '', '', 'fallback',
           floor(weight * (tokens - metered) / metered)
      from billed
     where tokens > metered
)
select p.charge_id, p.kind, p.state, p.activity,
       coalesce(nullif(p.workload, ''), c.workload), c.model,
       coalesce(nullif(p.feature, ''), c.feature),
       coalesce(nullif(p.experiment, ''), c.experiment),
       coalesce(nullif(p.team, ''), c.team),
       coalesce(nullif(p.environment, ''), c.environment),
       min(p.evidence), sum(p.weight)::bigint
  from part p
  join w_charge c using (charge_id)
 where p.weight > 0
 group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
