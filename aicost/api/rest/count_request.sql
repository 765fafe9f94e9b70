-- So many more requests of this minute; how many there were in it, in all processes.
insert into accounts_apiuse as u (who, minute, requests)
values (%(who)s, %(minute)s, %(more)s)
on conflict (who) do update set
    requests = case when u.minute = excluded.minute then u.requests else 0 end + excluded.requests,
    minute = excluded.minute
returning requests
