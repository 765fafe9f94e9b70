"""Conditions of a finance table as one line of text: "activity: training; environment: dev*"."""

from collections.abc import Mapping

from attribution.finance.shapes import Shape, TableRefused


def written(shape: Shape, row: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {row[name]}" for name in shape.conditions if row.get(name))


def read(shape: Shape, text: str, where: str) -> dict[str, str]:
    """{condition: cell}. Raises TableRefused naming the part and what could stand there."""
    found: dict[str, str] = {}
    for part in filter(None, (one.strip() for one in text.split(";"))):
        name, colon, cell = (one.strip() for one in part.partition(":"))
        name = name.lower().replace(" ", "_")
        if not colon or name not in shape.conditions:
            offered = ", ".join(shape.conditions)
            raise TableRefused(f"{where}, when: {part!r} is not name: values", f"Name {offered}")
        if name in found:
            raise TableRefused(f"{where}, when: {name} stands twice", "Write a, b for one of both")
        found[name] = cell
    return found
