"""The maps of CUR 2.0 (tags, products, cost categories) as JSON text, which both Parquet and CSV
exports come to. Keys are rewritten and objects joined as text: it runs unchanged on every engine.

A quote that begins a key follows a brace or a comma; inside a value every quote is escaped. Rows
are grouped by the maps as they are written: what they say is read of the few groups only.
"""

from __future__ import annotations

import re

from aicost.kernel.late import Late
from ingest.sources.charges import Columns, as_text

ibis = Late("ibis")
ir = Late("ibis.expr.types")

_KEY = r"([{,]\s*)\""
_SPELLINGS = {
    "map:own_tags": ("resource_tags", "resourceTags"),
    "map:tags": ("tags",),
    "map:cost_category": ("cost_category", "costCategory"),
    "map:product": ("product",),
}


def written(columns: Columns) -> dict[str, ir.StringValue]:
    """The maps that are present, as they are written."""
    found = {name: columns.find(*spellings) for name, spellings in _SPELLINGS.items()}
    return {name: as_text(column) for name, column in found.items() if column is not None}


def tags(groups: ir.Table) -> ir.StringValue:
    """`resource_tags` with its keys as the user wrote them (`user_team` is team, `aws_x` is aws:x),
    and beside them `tags`, whose keys say where they come from (`iamPrincipal/team`)."""
    parts = []
    if "map:own_tags" in groups.columns:
        text = groups["map:own_tags"].re_replace(_KEY + "user[_:]", r'\1"')
        parts.append(text.re_replace(_KEY + "aws_", r'\1"aws:'))
    if "map:tags" in groups.columns:
        parts.append(groups["map:tags"])
    return _joined(*parts)


def cost_categories(groups: ir.Table) -> ir.StringValue:
    """The cost categories as extras named CostCategory/…"""
    if "map:cost_category" not in groups.columns:
        return ibis.literal("")
    return groups["map:cost_category"].re_replace(_KEY, r'\1"CostCategory/')


def of_product(groups: ir.Table, key: str) -> ir.StringValue:
    """One value of the map `product`; '' when there is none."""
    if "map:product" not in groups.columns:
        return ibis.literal("")
    value = r'"\s*:\s*"((?:[^"\\]|\\.)*)"'
    return groups["map:product"].re_extract('"' + re.escape(key) + value, 1)


def without(groups: ir.Table) -> ir.Table:
    return groups.drop(*(name for name in _SPELLINGS if name in groups.columns))


def _joined(*texts: ir.StringValue) -> ir.StringValue:
    """The pairs of several objects as one object."""
    if not texts:
        return ibis.literal("")
    if len(texts) == 1:
        return texts[0]
    first, second = (text.re_replace(r"^\s*\{|\}\s*$", "") for text in texts)
    comma = ibis.ifelse((first.strip() == "") | (second.strip() == ""), "", ",")
    return ibis.literal("{") + first + comma + second + ibis.literal("}")
