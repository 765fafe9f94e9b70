create temp table stage_resource_map as
select
    cluster, node, resource_id, valid_from, valid_to, found
from ingest_resourcemap
limit 0
