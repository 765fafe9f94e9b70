-- The claim of a series before (side 1) and after (side 2) the change.
create temp table p_told (
    series_id bigint not null,
    side int not null,
    no bigint not null
) on commit drop
