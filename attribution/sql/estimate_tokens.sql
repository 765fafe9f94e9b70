-- What the metered quantities are expected to cost, on the targets their calls name.
insert into w_part (
    kind, state, activity, workload, model, feature, experiment, team, environment, source_id,
    usage_source_id, hour, provider, subject, resource_id, region, service_tier, context_over,
    token_class, quantity, unit_price, price_basis, price_origin, currency)
select 'workload', 'active', m.activity, m.workload, m.model, m.feature, m.experiment, m.team,
       m.environment, r.source_id, m.source_id, m.hour, r.named, m.model, '', m.region,
       m.service_tier, r.context_over, m.token_class, m.quantity, r.unit_price, r.price_basis,
       r.price_origin, r.currency
  from w_metered m
  join w_rate r
    on (r.usage_source_id, r.hour, r.provider, r.raw, r.model, r.region, r.service_tier, r.band,
        r.token_class)
     = (m.source_id, m.hour, m.provider, m.raw, m.model, m.region, m.service_tier, m.band,
        m.token_class)
