-- What happened in the period. An event that names no model, feature, … concerns all of them.
select
    a.at, a.kind, a.title, a.author, a.repository, a.branch, a.commit, a.environment,
    a.workload, a.model, a.feature, a.experiment, a.url, s.name as source
from ingest_annotation a
join ingest_source s on s.id = a.source_id
where a.at >= %(start)s::date::timestamp at time zone 'utc'
    and a.at < %(end)s::date::timestamp at time zone 'utc'
    and (%(f_workload)s::text[] is null or a.workload = '' or a.workload = any(%(f_workload)s))
    and (%(f_model)s::text[] is null or a.model = '' or a.model = any(%(f_model)s))
    and (%(f_feature)s::text[] is null or a.feature = '' or a.feature = any(%(f_feature)s))
    and (%(f_experiment)s::text[] is null or a.experiment = ''
         or a.experiment = any(%(f_experiment)s))
    and (%(f_environment)s::text[] is null or a.environment = ''
         or a.environment = any(%(f_environment)s))
order by a.at, a.id
