"""What the text of a bill means: amounts, times, months and lists of credits, as expressions."""

from __future__ import annotations

from aicost.kernel.late import Late

ibis = Late("ibis")
ir = Late("ibis.expr.types")
dt = Late("ibis.expr.datatypes")

LEDGER, FINE = "decimal(38, 18)", "decimal(38, 30)"
US_DATE = r"^([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})(.*)$"
_AMOUNT_KEY = r"""['"]amount['"]\s*:\s*"""
_TYPE_KEY = r"""['"]type['"]\s*:\s*"""
_WORD = r"""^['"]([A-Za-z0-9_]*)"""
_NUMBER = r"""^['"]?([^'",}\s]*)"""
US_SHORT_DATE = r"^([0-9]{1,2})/([0-9]{1,2})/([0-9]{2})( .*)?$"


def as_text(column: ir.Column) -> ir.StringValue:
    """The column as text, '' where it is NULL."""
    return column.cast("string").fill_null("")


def amount(column: ir.Column) -> ir.DecimalValue:
    """A number as numeric(38,18), rounded half-even; NULL when it is blank or no number."""
    if column.type().is_decimal() or column.type().is_integer():
        return column.cast(LEDGER)
    text = column.cast("string")
    plain = text.try_cast(LEDGER)
    fine = _fine(text)
    # DuckDB rounds half away from zero: take a quantum back where that was an odd tie.
    tied = ibis.ifelse(fine.isnull(), ibis.null(LEDGER), plain)
    gap = tied.try_cast(FINE) - fine
    half = ibis.literal("0.0000000000000000005").cast(FINE)
    quantum = ibis.literal("0.000000000000000001").cast(LEDGER)
    odd = tied.cast("string").right(1).isin(("1", "3", "5", "7", "9"))
    return ibis.cases(
        (text.contains("_"), ibis.null(LEDGER)),
        ((gap == half) & odd, plain - quantum),
        ((gap == -half) & odd, plain + quantum),
        else_=plain,
    )


def rounded_off(column: ir.Column) -> ir.DecimalValue:
    """What `amount` took from a number by rounding, 0 for almost all; numeric(38,30)."""
    zero = ibis.literal("0").cast(FINE)
    if column.type().is_decimal() or column.type().is_integer():
        return zero
    text = column.cast("string")
    # From 10^8 on an amount has no room for 30 decimals; its rest is less than a quantum anyway.
    return ibis.coalesce(_fine(text) - amount(column).try_cast(FINE), zero)


def _fine(text: ir.StringValue) -> ir.DecimalValue:
    """The number to 30 decimals if it may have more than 18, else NULL. Engines compute what they
    can for all rows at once, so the many rows that need no care must cost nothing here."""
    careful = (text.length() > 19) | text.contains("e") | text.contains("E")
    return ibis.ifelse(careful, text, ibis.null("string")).try_cast(FINE)


def instant(column: ir.Column) -> ir.TimestampValue:
    """A time as UTC without zone; a time without zone is UTC. NULL when blank or no time.

    Reads ISO 8601 and the month-first dates of the FOCUS specification's examples (5/31/2023)."""
    kind = column.type()
    if kind.is_timestamp() or kind.is_date():
        return _within_reason(column.cast("timestamp"))
    text = column.cast("string")
    slashed = ibis.ifelse(text.contains("/"), text, ibis.null("string"))
    turned = slashed.re_replace(US_DATE, r"\3-\1-\2\4")
    turned = turned.re_replace(US_SHORT_DATE, r"20\3-\1-\2\4")
    iso = ibis.coalesce(turned, text)
    zoned = iso.try_cast(dt.Timestamp(timezone="UTC")).cast("timestamp")
    # An engine may know words for times, such as infinity; a bill may not.
    return _within_reason(ibis.ifelse(iso.substr(4, 1) == "-", zoned, ibis.null("timestamp")))


def month(column: ir.Column) -> ir.TimestampValue:
    """The first instant of a month written YYYYMM; NULL when it is none."""
    text = column.cast("string")
    told = ibis.ifelse(text.re_search(r"^20[0-9]{4}$"), text, ibis.null("string"))
    return instant(told.substr(0, 4) + "-" + told.substr(4, 2) + "-01")


def _within_reason(time: ir.TimestampValue) -> ir.TimestampValue:
    """NULL outside 2000 to 2099: such a time is a mistake, and one day of it a partition."""
    first, last = (ibis.literal(f"{year}-01-01").cast("timestamp") for year in (2000, 2100))
    return ibis.ifelse((time >= first) & (time < last), time, ibis.null("timestamp"))


def amounts_in(column: ir.Column) -> ir.ArrayValue:
    """The amounts of a list of credits, JSON or Python's repr, as numeric(38,18); NULL for one
    that is no number."""
    told = column.cast("string").re_split(_AMOUNT_KEY)[1:]
    return told.map(lambda rest: amount(rest.re_extract(_NUMBER, 1)))


def credit_sum(column: ir.Column) -> ir.DecimalValue:
    """The sum of a list of credits, never a join with it, which would multiply the cost. A decimal
    is a sum already. NULL where the text is blank or no such list."""
    if column.type().is_decimal():
        return column.cast(LEDGER)
    text = column.cast("string").strip()
    amounts = amounts_in(text)
    unread = amounts.filter(lambda one: one.isnull()).length()
    zero = ibis.literal("0").cast(LEDGER)
    return ibis.cases(
        (text.isin(("[]", "{}")), zero),
        ((amounts.length() > 0) & (unread == 0), amounts.sums().cast(LEDGER)),
        else_=ibis.null(LEDGER),
    )


def credit_rest(column: ir.Column) -> ir.DecimalValue:
    """What `credit_sum` took by rounding."""
    if column.type().is_decimal():
        return ibis.literal("0").cast(FINE)
    rests = column.cast("string").re_split(_AMOUNT_KEY)[1:]
    rests = rests.map(lambda rest: rounded_off(rest.re_extract(_NUMBER, 1)))
    return ibis.coalesce(rests.sums().cast(FINE), ibis.literal("0").cast(FINE))


def credit_types(column: ir.Column) -> ir.StringValue:
    """The types of a list of credits, each once, in order: `PROMOTION SUSTAINED_USAGE_DISCOUNT`."""
    rests = column.cast("string").re_split(_TYPE_KEY)[1:]
    types = rests.map(lambda rest: rest.re_extract(_WORD, 1)).filter(lambda one: one != "")
    return types.unique().sort().join(" ")


# How the kinds of values are read that refuse a set when they cannot be (`BillReader.strict`).
PARSERS = {"amount": amount, "time": instant, "month": month, "credits": credit_sum}
