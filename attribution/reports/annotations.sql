-- What happened in the period: events that were posted, notes of people, and what the ledger knows
-- by itself: contract prices, restated bills, rules, closes. What names no model, feature, …
-- concerns all of them. Only a note can belong to a team; whoever sees only some teams sees those.
with happened as (
    select
        a.at, a.kind, a.title, a.author, a.repository, a.branch, a.commit, a.environment,
        a.workload, a.model, a.feature, a.experiment, '' as team, a.url, s.name as source,
        null::numeric as billed_delta, '' as currency, null::bigint as note_id, a.id
    from ingest_annotation a
    join ingest_source s on s.id = a.source_id
    where a.at >= %(start)s::date::timestamp at time zone 'utc'
        and a.at < %(end)s::date::timestamp at time zone 'utc'

    union all
    select
        n.day::timestamp at time zone 'utc', 'note', n.text, u.username, '', '', '', n.environment,
        n.workload, n.model, n.feature, n.experiment, n.team, '', '', null, '', n.id, n.id
    from attribution_note n
    join accounts_user u on u.id = n.author_id
    where n.day >= %(start)s and n.day < %(end)s

    union all
    select
        p.valid_from::timestamp at time zone 'utc', 'price',
        concat_ws(' ', nullif(p.provider, ''), nullif(p.model, '')) || case
            when p.model <> '' then ': contract price from this day'
            else ': contract discount from this day'
        end,
        coalesce(max(u.username), ''), '', '', '', '', '', p.model, '', '', '', '', '', null, '',
        null, min(p.id)
    from ingest_price p
    left join accounts_user u on u.id = p.changed_by_id
    where p.basis = 'contract' and p.valid_from >= %(start)s and p.valid_from < %(end)s
    group by p.valid_from, p.provider, p.model

    union all
    select
        r.created_at, 'restatement',
        s.name || ': bill of ' || coalesce(c.part, l.name) || ' restated',
        '', '', '', '', '', '', '', '', '', '', '', s.name, r.billed_delta, r.currency, null, r.id
    from ingest_restatement r
    join ingest_delivery l on l.id = r.delivery_id
    join ingest_source s on s.id = l.source_id
    left join ingest_scope c on c.id = l.scope_id
    where r.created_at >= %(start)s::date::timestamp at time zone 'utc'
        and r.created_at < %(end)s::date::timestamp at time zone 'utc'

    union all
    select
        w.at, 'rule', 'Rule ' || a.title || case
            when not a.enabled then ' switched off'
            when a.version = 1 then ' added'
            else ' changed, version ' || a.version
        end,
        coalesce(u.username, ''), '', '', '', '', '', '', '', '', '', '', '', null, '', null, a.id
    from attribution_allocationrule a
    left join accounts_user u on u.id = a.created_by_id
    cross join lateral (
        select coalesce(a.valid_from::timestamp at time zone 'utc', a.created_at) as at
    ) w
    where (not a.built_in or a.version > 1)
        and w.at >= %(start)s::date::timestamp at time zone 'utc'
        and w.at < %(end)s::date::timestamp at time zone 'utc'

    union all
    select
        w.at, w.kind,
        to_char(c.month, 'FMMonth YYYY') || case
            when w.kind = 'close' then ' closed, edition ' || c.edition
            else ' reopened: ' || c.reason
        end,
        u.username, '', '', '', '', '', '', '', '', '', '', '', null, '', null, c.id
    from attribution_monthclose c
    cross join lateral (
        values ('close', c.closed_at, c.closed_by_id), ('reopen', c.reopened_at, c.reopened_by_id)
    ) w (kind, at, who)
    join accounts_user u on u.id = w.who
    where w.at >= %(start)s::date::timestamp at time zone 'utc'
        and w.at < %(end)s::date::timestamp at time zone 'utc'
)
select
    at, kind, title, author, repository, branch, commit, environment, workload, model, feature,
    experiment, team, url, source, billed_delta, currency, note_id
from happened
where (%(teams)s::text[] is null or team = any(%(teams)s))
    and (%(f_team)s::text[] is null or team = '' or team = any(%(f_team)s))
    and (%(f_workload)s::text[] is null or workload = '' or workload = any(%(f_workload)s))
    and (%(f_model)s::text[] is null or model = '' or model = any(%(f_model)s))
    and (%(f_feature)s::text[] is null or feature = '' or feature = any(%(f_feature)s))
    and (%(f_experiment)s::text[] is null or experiment = '' or experiment = any(%(f_experiment)s))
    and (%(f_environment)s::text[] is null or environment = ''
         or environment = any(%(f_environment)s))
order by at, kind, id
