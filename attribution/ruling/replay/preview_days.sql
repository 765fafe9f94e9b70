-- What has to be weighed and split for itself.
select distinct source_id, day from ingest_charge order by day, source_id
