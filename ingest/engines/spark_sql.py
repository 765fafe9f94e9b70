"""What Spark's SQL needs beside the shared expression: text of doubles as DuckDB writes it, and the
few functions that mean something else there."""

import re

import ibis
from ibis.backends.sql.compilers import PySparkCompiler
import ibis.expr.operations as ops
import ibis.expr.types as ir
import sqlglot.expressions as sge

from ingest.sources.base import BillReader

# Before Java 19 a cast to text may write a digit too many. These write the shortest, and of the
# shortest the nearest (Raffaello Giulietti's Schubfach); they come with every Spark since 3.5.
_WRITERS = {
    "double": "com.fasterxml.jackson.core.io.schubfach.DoubleToDecimal",
    "float": "com.fasterxml.jackson.core.io.schubfach.FloatToDecimal",
}
_SURE = {"double": 15, "float": 6}  # so many digits name one number only: no shorter text exists
_SCIENTIFIC = "^(-?)([0-9])[.]([0-9]+)E(-?)([0-9]+)$"
_STRICT = {
    "amount": r"^\s*[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?\s*$",
    "time": r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([T ]|$)|/",
}
_NO_SECONDS = r"[T ][0-9]{1,2}:[0-9]{2}(?![:0-9])"
MARK = "? "
_BACK_REFERENCE = re.compile(r"\\([0-9])")


def name(text: str) -> str:
    return "`" + text.replace("`", "``") + "`"


def literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def shortest(sql: str, kind: str) -> str:
    """A double or float as the text that DuckDB makes of it: the fewest digits that read back as
    the same number, and an exponent below 10^-4 and from 10^16 on."""
    digits = "length(translate(substring_index(told, 'E', 1), '-.', ''))"
    exact = f"java_method('{_WRITERS[kind]}', 'toString', {sql})"
    text = f"case when {digits} > {_SURE[kind]} then {exact} else told end"
    plain = _once(text, "text", f"case when text like '%E%' then {_plain('text')} else text end")
    written = (
        "case when told is null then null when told = 'NaN' then 'nan'"
        f" when told like '%Infinity' then replace(lower(told), 'inity', '') else {plain} end"
    )
    return _once(f"cast({sql} as string)", "told", written)


def _once(sql: str, variable: str, body: str) -> str:
    """`body` with `variable` bound to the value of `sql`, which is computed once."""
    return f"element_at(transform(array({sql}), {variable} -> {body}), 1)"


def _plain(text: str) -> str:
    """Java's `1.5E-5` as `1.5e-05`, and without an exponent from 10^-4 up to 10^16."""
    sign, first, rest, minus, power = (
        f"regexp_extract({text}, '{_SCIENTIFIC}', {group})" for group in range(1, 6)
    )
    rest = f"regexp_replace({rest}, '^0$', '')"
    size = f"cast({power} as int)"
    small = f"concat({sign}, '0.', repeat('0', {size} - 1), {first}, {rest})"
    whole = f"rpad({rest}, greatest(length({rest}), {size}), '0')"
    fraction = f"substr({whole}, {size} + 1)"
    large = (
        f"concat({sign}, {first}, substr({whole}, 1, {size}), '.',"
        f" case when {fraction} = '' then '0' else {fraction} end)"
    )
    kept = (
        f"concat({sign}, {first}, case when {rest} = '' then '' else concat('.', {rest}) end,"
        f" 'e', case when {minus} = '-' then '-' else '+' end,"
        f" lpad({power}, greatest(length({power}), 2), '0'))"
    )
    return (
        f"case when {minus} = '-' and {size} <= 4 then {small}"
        f" when {minus} = '' and {size} < 16 then {large} else {kept} end"
    )


def in_two(expression: ir.Table, view: str) -> tuple[ir.Table, ir.Table]:
    """(the sum over the many rows, the rest over its groups, read from `view`). Spark would compute
    the sum once for every place that uses it."""
    [total] = {*expression.op().find(ops.Aggregate)}
    summed = total.to_expr()
    groups = ibis.table(summed.schema(), name=view)
    return summed, expression.op().replace({total: groups.op()}).to_expr()


def compiled(expression: ir.Table) -> str:
    """The expression as Spark's SQL."""
    tree = PySparkCompiler().to_sqlglot(expression)
    for node in list(tree.walk()):
        if isinstance(node, sge.RegexpReplace) and node.args["replacement"].is_string:
            turned = _BACK_REFERENCE.sub(r"$\1", node.args["replacement"].this)
            node.set("replacement", sge.Literal.string(turned))
    return tree.sql("spark")


def compared(table: ir.Table, reader: BillReader) -> dict[str, str]:
    """{column: SQL} of the amounts and times that are text, so that Spark reads just what DuckDB
    reads. What only Spark would take (digits of other scripts, `1.0d`, `2026`) is marked, which
    refuses the set; a time without seconds is given them."""
    told = {}
    for column, kind, _ in reader.strict(tuple(table.columns)):
        if kind in _STRICT and table[column].type().is_string():
            quoted, pattern = name(column), literal(_STRICT[kind])
            text = quoted
            if kind == "time":
                text = f"regexp_replace({quoted}, {literal(_NO_SECONDS)}, '$0:00')"
            marked = f"concat('{MARK}', {quoted})"
            told[column] = f"case when {quoted} rlike {pattern} then {text} else {marked} end"
    return told
