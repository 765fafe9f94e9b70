"""Small tables that people keep as CSV, such as targets.csv and budgets.csv: header and cells are
checked before anything is taken, and every fault names its line and the cure. Pure."""

from collections.abc import Sequence
import csv
from dataclasses import dataclass
import io

from aicost.kernel.cells import unquoted

NOTHING = "-"  # the cell that takes something away; an empty one says nothing
PROBLEMS_MAX = 50


@dataclass(frozen=True)
class Problem:
    """What is wrong with one line of the file (the first after the header is 2), and the cure."""

    line: int
    what: str
    cure: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}. {self.cure}"


class BadTable(ValueError):
    """The file cannot be taken; nothing of it was."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(map(str, problems[:3])))
        self.problems = problems


def read_table(
    text: str, columns: Sequence[str], needed: Sequence[str], rows_max: int
) -> list[tuple[int, dict[str, str]]]:
    """(line, cells by column) of each row that says something, without spaces around the cells.
    Columns may be left out, except those `needed`. Raises BadTable with the first fault."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    try:
        names = [(name or "").strip() for name in reader.fieldnames or ()]
        _check_header(names, columns, needed)
        reader.fieldnames = names
        found = []
        for row in reader:
            line = reader.line_num
            if None in row or None in row.values():
                raise BadTable([Problem(line, "it has not as many cells as the header",
                                        "Quote cells that hold a comma")])  # fmt: skip
            cells = {name: unquoted(value.strip()) for name, value in row.items()}
            if any(cells.values()):
                found.append((line, cells))
            if len(found) > rows_max:
                raise BadTable([Problem(line, f"more than {rows_max} rows", "Split the file")])
    except csv.Error as error:
        told = Problem(reader.line_num, f"no CSV ({error})", "Save it as CSV with commas, UTF-8")
        raise BadTable([told]) from error
    return found


def _check_header(names: Sequence[str], columns: Sequence[str], needed: Sequence[str]) -> None:
    unknown = [name for name in names if name not in columns]
    absent = [name for name in needed if name not in names]
    if unknown or absent or len(set(names)) < len(names):
        told = f"columns {', '.join(unknown)} are not known" if unknown else ""
        told = told or (f"column {', '.join(absent)} is missing" if absent else "a column is twice")
        raise BadTable([Problem(1, told, f"Take from: {', '.join(columns)}")])
