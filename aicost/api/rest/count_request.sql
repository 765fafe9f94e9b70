-- One more request of this minute; how many there were in it.
insert into accounts_apiuse as u (who, minute, requests)
values (%(who)s, %(minute)s, 1)
on conflict (who) do update set
    requests = case when u.minute = excluded.minute then u.requests + 1 else 1 end,
    minute = excluded.minute
returning requests
