create or replace view reporting_v1.dim_model_version as
select distinct model, model_version from bi_usage where model_version <> ''
