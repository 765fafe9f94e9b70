-- Logins of the server that are members of the reading role, and how many sessions each has.
select r.rolname, count(a.pid)
from pg_roles r
left join pg_stat_activity a on a.usename = r.rolname
where r.rolcanlogin and not r.rolsuper and pg_has_role(r.oid, %(reader)s, 'member')
group by 1
