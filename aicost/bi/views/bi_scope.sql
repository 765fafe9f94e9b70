-- What the login of this session may see: one row. Whoever owns the tables sees all.
create or replace view bi_scope as
select
    (l.name is not null and l.teams is null) or o.owns as everything,
    (coalesce(l.role in ('finance', 'finops', 'admin'), false) and l.teams is null) or o.owns
        as earnings,
    l.teams
from (
    select pg_has_role(current_user, relowner, 'member') as owns
    from pg_class where oid = 'attribution_target'::regclass
) o
left join bi_login l on l.name = current_user
