"""What a close pins: copies of the maps, aliases, prices and rates of its month, functions that
choose between them and the live ones for a day, and triggers that let nobody edit any of it."""

# A table of ingest -> the columns that are pinned; the copy has the id of its close as well.
MAPS = {
    "resourcemap": "id cluster node resource_id valid_from valid_to found",
    "workloadmap": "id cluster namespace pattern position activity workload model feature"
    " experiment team environment valid_from valid_to found",
    "alias": "id dimension raw canonical valid_from valid_to",
    "storagemap": "id bucket pattern position workload model feature experiment team environment"
    " valid_from valid_to",
}
TYPES = {
    "id": "bigint",
    "position": "integer",
    "valid_from": "date",
    "valid_to": "date",
    "found": "boolean",
}
PINNED = (*MAPS, "price", "fxrate")
INDEXED = {
    "resourcemap": "node",
    "workloadmap": "pattern",
    "alias": "dimension, raw",
    "storagemap": "bucket",
}
KEPT = (
    "attribution_monthclose",
    "attribution_pinnedruleset",
    "attribution_reportedcost",
    *(f"attribution_pinned_{name}" for name in PINNED),
)

OPEN_CLOSE = """(
         select c.id from attribution_monthclose c
          where c.month = date_trunc('month', on_day::timestamp)::date
            and c.reopened_at is null)"""
FUNCTION = """
create function aicost_{name}_on(on_day date) returns table ({typed})
language sql stable parallel safe as $$
    select {m_columns} from ingest_{name} m where {open} is null
    union all
    select {p_columns} from attribution_pinned_{name} p where p.close_id = {open}
$$;
"""
GUARD = """
create function attribution_what_is_closed_is_kept() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and tg_table_name = 'attribution_monthclose' then
        if not old.sealed or old.reopened_at is null and new.reopened_at is not null
           and (to_jsonb(new) - '{reopened_at,reopened_by_id,reason}'::text[])
             = (to_jsonb(old) - '{reopened_at,reopened_by_id,reason}'::text[]) then
            return new;
        end if;
    end if;
    raise exception 'what a close reported and pinned is never changed (%)', tg_table_name
        using hint = 'Reopen the month with a reason and close it again: that is another edition';
end $$;
create function attribution_nothing_is_added_to_a_close() returns trigger language plpgsql as $$
begin
    if exists (select from added a join attribution_monthclose c on c.id = a.close_id
                where c.sealed) then
        raise exception 'nothing is added to what a close reported and pinned (%)', tg_table_name
            using hint = 'Reopen the month and close it again: that is another edition';
    end if;
    return null;
end $$;
"""
TRIGGER = """
create trigger {table}_is_kept before update or delete on {table}
    for each row execute function attribution_what_is_closed_is_kept();
"""
ADDING = """
create trigger {table}_is_sealed after insert on {table} referencing new table as added
    for each statement execute function attribution_nothing_is_added_to_a_close();
"""


def _function(name: str) -> str:
    columns = MAPS[name].split()
    return FUNCTION.format(
        name=name,
        open=OPEN_CLOSE,
        typed=", ".join(f'"{column}" {TYPES.get(column, "text")}' for column in columns),
        m_columns=", ".join(f"m.{column}" for column in columns),
        p_columns=", ".join(f"p.{column}" for column in columns),
    )


def closing() -> str:
    made = [
        f"create table attribution_pinned_{name} (close_id bigint not null"
        f" references attribution_monthclose, like ingest_{name});\n"
        f"create index on attribution_pinned_{name} (close_id, {INDEXED.get(name, 'id')});\n"
        for name in PINNED
    ]
    guards = [TRIGGER.format(table=table) for table in KEPT]
    guards += [ADDING.format(table=table) for table in KEPT[1:]]
    return "".join([*made, *map(_function, MAPS), GUARD, *guards])
