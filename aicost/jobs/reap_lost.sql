-- Jobs whose workers vanished too often: something about them kills, so they are not tried again.
update jobs_job
set state = 'failed',
    finished_at = clock_timestamp(),
    error = 'its worker vanished ' || tries || ' times, the last was ' || claimed_by
where state = 'running'
  and lease_until < clock_timestamp()
  and tries >= %(tries_max)s
returning id
