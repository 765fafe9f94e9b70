-- Who owns how many views of a schema.
select r.rolname, count(*)
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_roles r on r.oid = c.relowner
where n.nspname = %(schema)s and c.relkind = 'v'
group by 1
