-- Tokens of the model that day: of the charge's own class when it names one, otherwise of every
-- class at its list price (w_price); images, milliseconds of audio and characters are classes too,
-- but weigh beside tokens only with a price. Billed tokens beyond the metered ones are unmetered:
-- those of all charges of the model and class together, since a bill may have one for each project;
-- of a bill that tells no tokens, those that the provider counted beyond the metered. Calls that
-- say they were served by provisioned throughput weigh no charge by the token. Weights of a charge
-- that would add up to more than 9 * 10^18 are blocks of as many as make them fit.
insert into w_part (charge_id, kind, state, activity, workload, model, feature, experiment, team,
                    environment, evidence, weight)
with metered as (
    select u.model, v.token_class, u.activity, u.workload, u.feature, u.experiment, u.team,
           u.environment, v.tokens,
           coalesce(p.weight_per_token,
                    case when v.token_class in ('images', 'audio_ms', 'characters')
                          and bool_or(v.token_class like '%%tokens') over (partition by u.model)
                         then 0 else 1 end) as weight_per_token
      from w_usage u
     cross join lateral (values
           ('input_tokens', u.input_tokens), ('cached_input_tokens', u.cached_input_tokens),
           ('cache_write_5m_tokens', u.cache_write_5m_tokens),
           ('cache_write_1h_tokens', u.cache_write_1h_tokens),
           ('output_tokens', u.output_tokens), ('reasoning_tokens', u.reasoning_tokens),
           ('audio_input_tokens', u.audio_input_tokens),
           ('audio_output_tokens', u.audio_output_tokens),
           ('image_input_tokens', u.image_input_tokens), ('images', u.images),
           ('audio_ms', u.audio_ms), ('characters', u.characters)) v (token_class, tokens)
      left join w_price p on p.model = u.model and p.token_class = v.token_class
     where v.tokens > 0 and not u.provisioned
), reasoned as (
    -- Where no charge names reasoning, it is billed as output.
    select distinct model from w_charge
     where method = 'tokens' and token_class = 'reasoning_tokens'
), weighed as (
    select c.charge_id, m.activity, m.workload, m.feature, m.experiment, m.team, m.environment,
           sum(case c.token_class when '' then m.tokens::numeric * m.weight_per_token
               else m.tokens end) as weight,
           sum(m.tokens) filter (where c.token_class <> '' or m.weight_per_token > 0) as tokens
      from w_charge c
      join metered m on m.model = c.model
       and (c.token_class in ('', m.token_class)
            or c.token_class = 'output_tokens' and m.token_class = 'reasoning_tokens'
               and c.model not in (select model from reasoned))
       and (c.environment = '' or m.environment = '' or m.environment = c.environment)
     where c.method = 'tokens'
     group by 1, 2, 3, 4, 5, 6, 7
), metered_of as (
    select charge_id, sum(tokens) as tokens, sum(weight) as weight
      from weighed
     group by 1
), billed as (
    select c.model, c.token_class, c.environment,
           sum(floor(coalesce(c.consumed_quantity, c.pricing_quantity) * c.tokens_per_unit))
               as tokens
      from w_charge c
     where c.method = 'tokens'
     group by 1, 2, 3
), counted as (
    select c.charge_id,
           sum(case c.token_class when '' then b.tokens * coalesce(p.weight_per_token, 1)
               else b.tokens end) as weight
      from w_charge c
      join w_unmetered b
        on b.model = c.model and (c.token_class = '' or b.token_class = c.token_class)
      left join w_price p on p.model = b.model and p.token_class = b.token_class
     where c.method = 'tokens'
     group by 1
), part as (
    select charge_id, 'workload' as kind, 'active' as state, activity, workload, feature,
           experiment, team, environment, 'measured' as evidence, weight
      from weighed
    union all
    select m.charge_id, 'unattributed', 'unmetered', 'inference', '', '', '', '', '', 'fallback',
           case when b.tokens is null then n.weight
                when b.tokens > m.tokens then floor(m.weight * (b.tokens - m.tokens) / m.tokens)
           end
      from metered_of m
      join w_charge c using (charge_id)
      join billed b using (model, token_class, environment)
      left join counted n using (charge_id)
), sized as (
    select *, greatest(1, ceil(sum(weight) over (partition by charge_id) / 9000000000000000000))
                  as block
      from part
     where weight > 0
)
select p.charge_id, p.kind, p.state, p.activity,
       coalesce(nullif(p.workload, ''), c.workload), c.model,
       coalesce(nullif(p.feature, ''), c.feature),
       coalesce(nullif(p.experiment, ''), c.experiment),
       coalesce(nullif(p.team, ''), c.team),
       coalesce(nullif(p.environment, ''), c.environment),
       min(p.evidence), sum(ceil(p.weight / p.block))::bigint
  from sized p
  join w_charge c using (charge_id)
 group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
