insert into ingest_qualityscore (
    source_id, delivery_id,
    day, model, model_version, experiment, measure, dataset, score
)
select
    %(source_id)s, %(delivery_id)s,
    day, model, model_version, experiment, measure, dataset, score
from stage_quality
