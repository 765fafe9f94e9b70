"""The results of loading as a table for people."""

from collections.abc import Sequence

from aicost.kernel.money import plain
from ingest.load import LoadResult

_HEAD = ("state", "source", "reader", "rows", "billed", "effective", "", "period", "of", "file")
_RIGHT = {"rows", "billed", "effective"}


def table(results: Sequence[LoadResult]) -> str:
    """One line per delivery, its message below it."""
    rows = [_cells(result) for result in results]
    widths = [max(map(len, column)) for column in zip(_HEAD, *rows, strict=True)]
    lines = [_line(_HEAD, widths)]
    for result, row in zip(results, rows, strict=True):
        lines.append(_line(row, widths))
        if result.message:
            lines.append(f"    {result.message}")
    return "\n".join(lines)


def _cells(result: LoadResult) -> tuple[str, ...]:
    rows = str(result.rows_read)
    if result.rows_quarantined:
        rows += f" ({result.rows_quarantined} quarantined)"
    return (
        result.state,
        result.source,
        result.reader,
        rows,
        plain(result.billed_cost) or "",
        plain(result.effective_cost) or "",
        result.currency or "",
        ", ".join(result.billing_periods),
        result.scope,
        result.name,
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (
        cell.rjust(width) if head in _RIGHT else cell.ljust(width)
        for head, cell, width in zip(_HEAD, cells, widths, strict=True)
    )
    return "  ".join(padded).rstrip()


def sources_table(sources) -> list[dict[str, object]]:
    """Of every connected source what `source list` prints, its last run included."""
    rows = []
    for source in sources:
        last = source.runs.order_by("-pk").first()
        rows.append(
            {
                "source": source.name,
                "connector": source.connector,
                "every": f"{source.every_minutes} min" if source.enabled else "paused",
                "last run": f"{last.started_at:%Y-%m-%d %H:%M}" if last else "never",
                "state": last.state if last else "",
                "message": last.message if last else "",
            }
        )
    return rows


def run_line(run) -> str:
    """One run in one line."""
    return (
        f"{run.source.name}: {run.state}, {run.sets} sets ({run.published} published,"
        f" {run.unchanged} unchanged, {run.held} held), {run.rows} rows"
    )
