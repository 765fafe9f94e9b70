delete from jobs_job
where state = 'done'
  and finished_at < clock_timestamp() - make_interval(days => %(keep_days)s)
