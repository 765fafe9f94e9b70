-- Add or change rows by key and say from when to when something changed. Two rows of one key in
-- one file: the last by content stands.
with wanted as (
    select distinct on (dimension, raw, valid_from) *
    from stage_alias s
    order by dimension, raw, valid_from, s::text desc
), before as (
    select old.valid_from, old.valid_to
    from ingest_alias old
    join wanted w
        on (old.dimension, old.raw, old.valid_from)
            is not distinct from (w.dimension, w.raw, w.valid_from)
    where (old.canonical, old.valid_to)
        is distinct from (w.canonical, w.valid_to)
), after as (
    insert into ingest_alias as old (
        dimension, raw, canonical, valid_from, valid_to
    )
    select
        dimension, raw, canonical, valid_from, valid_to
    from wanted
    on conflict (dimension, raw, valid_from) do update set
        canonical = excluded.canonical,
        valid_to = excluded.valid_to
    where (old.canonical, old.valid_to)
        is distinct from (excluded.canonical, excluded.valid_to)
    returning valid_from, valid_to
)
select valid_from, valid_to from before
union
select valid_from, valid_to from after
