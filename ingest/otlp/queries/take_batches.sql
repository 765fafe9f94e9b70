-- The oldest requests of a source, up to about so many rows, within the days made ready for them.
with ordered as (
    select id, sum(rows) over (order by id) - rows as rows_before
    from (
        select id, rows from ingest_otlpbatch
        where source_id = %(source_id)s
            and (first_day is null or first_day >= %(first)s::date and last_day <= %(last)s::date)
        order by id
        limit %(batches_max)s
    ) oldest
)
delete from ingest_otlpbatch b
using ordered o
where b.id = o.id and o.rows_before < %(rows_max)s
returning b.id, b.calls, b.links, b.counts, b.runs, b.points, b.rejected, b.first_day, b.last_day
