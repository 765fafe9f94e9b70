create temp table stage_alias as
select
    dimension, raw, canonical, valid_from, valid_to
from ingest_alias
limit 0
