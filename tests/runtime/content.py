"""What the tables hold, without row numbers and times: two ledgers are equal when this is."""

from django.db import connection

_TARGET = "to_jsonb(%s) - '{id,key}'::text[]"
_CHARGE = """select s.name, encode(e.sha256, 'hex') as series, o.part, d.set_sha256,
    to_jsonb(c) - '{id,source_id,series_id,scope_id,delivery_id}'::text[] as charge
    from ingest_charge c join ingest_source s on s.id = c.source_id
    join ingest_chargeseries e on e.id = c.series_id
    join ingest_scope o on o.id = c.scope_id join ingest_delivery d on d.id = c.delivery_id"""

QUERIES = {
    "files": "select s.name, f.name, f.sha256, f.kept_as from ingest_sourcefile f"
    " join ingest_source s on s.id = f.source_id",
    "deliveries": "select s.name, o.part, array(select f.sha256 from ingest_delivery_files df"
    " join ingest_sourcefile f on f.id = df.sourcefile_id where df.delivery_id = d.id) as files,"
    " to_jsonb(d) - '{id,source_id,scope_id,loaded_at}'::text[] as delivery"
    " from ingest_delivery d join ingest_source s on s.id = d.source_id"
    " left join ingest_scope o on o.id = d.scope_id",
    "totals": "select d.set_sha256, to_jsonb(t) - '{id,delivery_id}'::text[] as total"
    " from ingest_controltotal t join ingest_delivery d on d.id = t.delivery_id",
    "restatements": "select d.set_sha256, p.set_sha256 as previous, to_jsonb(r)"
    " - '{id,delivery_id,previous_id,created_at}'::text[] as restatement"
    " from ingest_restatement r join ingest_delivery d on d.id = r.delivery_id"
    " join ingest_delivery p on p.id = r.previous_id",
    "series": "select to_jsonb(e) - '{id,source_id}'::text[] as series from ingest_chargeseries e",
    "charges": _CHARGE,
    "allocated": f"""select encode(e.sha256, 'hex') as series, c.invoice_id, c.billing_period,
        {_TARGET % "t1"} as stage1, {_TARGET % "t"} as target, r.key, r.version, to_jsonb(a)
        - '{{source_id,charge_id,stage1_target_id,target_id,rule_id}}'::text[] as allocated
        from attribution_allocatedcharge a
        join ingest_charge c on c.day = a.day and c.id = a.charge_id
        join ingest_chargeseries e on e.id = c.series_id
        join attribution_target t1 on t1.id = a.stage1_target_id
        join attribution_target t on t.id = a.target_id
        join attribution_allocationrule r on r.id = a.rule_id""",
    "rollup": f"""select s.name, {_TARGET % "t"} as target,
        to_jsonb(r) - '{{id,source_id,target_id}}'::text[] as rollup
        from attribution_costday r join ingest_source s on s.id = r.source_id
        join attribution_target t on t.id = r.target_id""",
    "days": "select s.name, y.day, y.dirty_version > y.published_version as dirty, y.failure,"
    " y.spread_version < y.published_version as unspread, y.claimed_by, y.lease_until"
    " from attribution_daystate y join ingest_source s on s.id = y.source_id",
    "changed days": "select * from ingest_changedday",
}


def content() -> dict[str, tuple[int, str]]:
    """Of each table (rows, hash of all rows)."""
    found = {}
    with connection.cursor() as cursor:
        for name, query in QUERIES.items():
            cursor.execute(
                "select count(*), md5(coalesce(string_agg(q::text, E'\\n' order by q::text"
                f""" collate "C"), '')) from ({query}) q"""
            )
            found[name] = cursor.fetchone()
    return found
