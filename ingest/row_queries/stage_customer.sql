create temp table stage_customer as
select customer, name, plan, segment, team, valid_from
from ingest_customer
limit 0
