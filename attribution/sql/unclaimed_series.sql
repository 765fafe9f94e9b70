select distinct c.series_id
  from ingest_charge c
 where c.source_id = %(source)s
   and c.day = %(day)s
   and not exists (
       select from attribution_seriesclaim k
        where k.rule_set_id = %(rule_set)s and k.series_id = c.series_id
   )
