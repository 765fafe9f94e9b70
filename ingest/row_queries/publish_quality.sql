insert into ingest_qualityscore (
    source_id, delivery_id,
    day, model, model_version, experiment, measure, dataset, score, better
)
select
    %(source_id)s, %(delivery_id)s,
    day, model, model_version, experiment, measure, dataset, score, better
from stage_quality
