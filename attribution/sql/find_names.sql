-- Names in which `asked` (folded as attribution.classify.fold does) stands, the best fitting first:
-- the name itself, then what begins with it, then what holds it; of each kind at most `rows_max`.
-- With `teams`, only what money or calls of these teams stand on. Nodes are those that had GPU time
-- in the last month of it; and for who sees all teams, all that a map names.
with ledger as (
    select distinct named.kind, named.name
    from attribution_target t
    cross join lateral (values
        ('model', t.model), ('feature', t.feature), ('experiment', t.experiment), ('team', t.team)
    ) named (kind, name)
    where named.name <> '' and (%(teams)s::text[] is null or t.team = any(%(teams)s))
),
customer as (
    select customer as name from attribution_customeruse
    where grain = 'month' and customer <> ''
        and (%(teams)s::text[] is null or team = any(%(teams)s))
    union
    select customer from ingest_customer where %(teams)s::text[] is null
),
gpu as (
    select distinct g.resource_id
    from attribution_gpuday g
    join attribution_target t on t.id = g.target_id
    where g.day > (select max(day) - 31 from attribution_gpuday)
        and (%(teams)s::text[] is null or t.team = any(%(teams)s))
),
machine as (
    select coalesce(m.node, g.resource_id) as name, g.resource_id as title
    from gpu g left join ingest_resourcemap m on m.resource_id = g.resource_id
    union
    select node, resource_id from ingest_resourcemap where %(teams)s::text[] is null
),
titled as (
    select distinct on (customer) customer as name, name as title
    from ingest_customer
    order by customer, valid_from desc nulls last
),
known as (
    select l.kind, l.name, coalesce(e.title, '') as title
    from ledger l
    left join attribution_entity e on e.dimension = l.kind and e.name = l.name
    union
    select dimension, name, title from attribution_entity
    where dimension in ('model', 'feature', 'experiment', 'team') and %(teams)s::text[] is null
    union
    select 'team', name, '' from unnest(%(teams)s::text[]) name
    union all
    select 'customer', c.name, coalesce(t.title, '')
    from customer c left join titled t on t.name = c.name
    union all
    select 'node', name, title from machine
),
folded as (
    select kind, name, title,
        lower(regexp_replace(name, '[\s_-]+', '', 'g')) as folded_name,
        lower(regexp_replace(title, '[\s_-]+', '', 'g')) as folded_title
    from known
),
fitting as (
    select kind, name, title, case
        when %(asked)s in (folded_name, folded_title) then 0
        when starts_with(folded_name, %(asked)s) or starts_with(folded_title, %(asked)s) then 1
        else 2
    end as fit
    from folded
    where strpos(folded_name, %(asked)s) > 0 or strpos(folded_title, %(asked)s) > 0
),
placed as (
    select distinct on (kind, name) kind, name, title, fit from fitting
    order by kind, name, fit, title desc
),
numbered as (
    select p.*, row_number() over (partition by kind order by fit, length(name), name) as place,
        count(*) over (partition by kind) as found
    from placed p
)
select kind, name, title, fit, found from numbered
where place <= %(rows_max)s
order by fit, length(name), name, kind
