-- Resources of training jobs in the billing periods of a set: days, machine and tags.
select
    s.resource_id, min(c.day) as first_day, max(c.day) as last_day,
    max(s.instance_type) as instance_type,
    (array_agg(s.tags order by s.id))[1] as tags,
    max(coalesce(nullif(s.sub_account_id, ''), s.billing_account_id)) as account
from ingest_chargeseries s
join ingest_charge c on c.series_id = s.id and c.source_id = s.source_id
where s.source_id = %(source)s
    and s.resource_id like 'arn:aws%%:sagemaker:%%:training-job/%%'
    and c.billing_period = any(%(periods)s)
    and c.day between %(first_day)s and %(last_day)s
group by s.resource_id
