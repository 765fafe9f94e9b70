"""The maps of CUR 2.0 (tags, products, cost categories) as JSON text, which both Parquet and CSV
exports come to. Keys are rewritten and objects joined as text: it runs unchanged on every engine.

A quote that begins a key follows a brace or a comma; inside a value every quote is escaped.
"""

import re

import ibis
import ibis.expr.types as ir

from ingest.sources.charges import Columns, as_text

_KEY = r"([{,]\s*)\""


def tags(columns: Columns) -> ir.StringValue:
    """`resource_tags` with its keys as the user wrote them (`user_team` is team, `aws_x` is aws:x),
    and beside them `tags`, whose keys say where they come from (`iamPrincipal/team`)."""
    own = columns.find("resource_tags", "resourceTags")
    more = columns.find("tags")
    parts = []
    if own is not None:
        text = as_text(own).re_replace(_KEY + "user[_:]", r'\1"')
        parts.append(text.re_replace(_KEY + "aws_", r'\1"aws:'))
    if more is not None:
        parts.append(as_text(more))
    return _joined(*parts)


def cost_categories(columns: Columns) -> ir.StringValue:
    """The cost categories as extras named CostCategory/…"""
    found = columns.find("cost_category", "costCategory")
    if found is None:
        return ibis.literal("")
    return as_text(found).re_replace(_KEY, r'\1"CostCategory/')


def of_product(columns: Columns, key: str) -> ir.StringValue:
    """One value of the map `product`; '' when there is none."""
    found = columns.find("product")
    if found is None:
        return ibis.literal("")
    value = r'"\s*:\s*"((?:[^"\\]|\\.)*)"'
    return as_text(found).re_extract('"' + re.escape(key) + value, 1)


def _joined(*texts: ir.StringValue) -> ir.StringValue:
    """The pairs of several objects as one object."""
    if not texts:
        return ibis.literal("")
    if len(texts) == 1:
        return texts[0]
    first, second = (text.re_replace(r"^\s*\{|\}\s*$", "") for text in texts)
    comma = ibis.ifelse((first.strip() == "") | (second.strip() == ""), "", ",")
    return ibis.literal("{") + first + comma + second + ibis.literal("}")
