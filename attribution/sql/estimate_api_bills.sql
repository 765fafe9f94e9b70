-- Models that bills charge by the token, with the provider as the bill names it.
select distinct h.source_id, h.provider, k.model
  from attribution_seriesclaim k
  join attribution_allocationrule r on r.id = k.rule_id and r.method = 'tokens'
  join ingest_chargeseries h on h.id = k.series_id
  join ingest_source s on s.id = h.source_id
 where k.model <> ''
 order by 1, 2, 3
