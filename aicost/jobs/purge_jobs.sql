delete from jobs_job
where state in ('done', 'failed')
  and finished_at < clock_timestamp() - make_interval(
      days => case state when 'done' then %(done_days)s else %(failed_days)s end
  )
