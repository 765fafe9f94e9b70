with cost as (
    delete from attribution_customercost where grain in ('day', 'target_day') and day = %(day)s
)
delete from attribution_customeruse where grain = 'day' and day = %(day)s
