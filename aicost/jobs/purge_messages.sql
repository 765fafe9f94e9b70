-- kombu marks a message it has delivered as invisible, with the time, and never deletes it.
delete from kombu_message
where visible = false
  and ("timestamp" is null or "timestamp" < localtimestamp - make_interval(days => 1))
