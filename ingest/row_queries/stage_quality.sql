create temp table stage_quality as
select
    day, model, model_version, experiment, measure, dataset, score, better
from ingest_qualityscore
limit 0
