"""What a reader finds in the tables of a page: plain text, no markup."""

from html.parser import HTMLParser


class _Tables(HTMLParser):
    """[(heading above, rows)]; a row is the list of its cells' texts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[list[str]]]] = []
        self._heading, self._into = "", None

    def handle_starttag(self, tag, attrs):
        if tag == "h2":
            self._heading, self._into = "", "heading"
        elif tag == "table":
            self.found.append((self._heading.strip(), []))
        elif tag == "tr" and self.found:
            self.found[-1][1].append([])
        elif tag in ("td", "th") and self.found:
            self.found[-1][1][-1].append("")
            self._into = "cell"

    def handle_endtag(self, tag):
        if tag in ("h2", "td", "th"):
            self._into = None

    def handle_data(self, data):
        if self._into == "heading":
            self._heading += data
        elif self._into == "cell":
            row = self.found[-1][1][-1]
            row[-1] = f"{row[-1]} {data}".strip() if data.strip() else row[-1]


def rows_of(page: str, heading: str, having: str = "") -> dict[str, list[str]]:
    """First cell -> the other cells, of the first table under the heading that begins so and
    has a row of that name; the header of the table is left out."""
    reader = _Tables()
    reader.feed(page)
    for over, rows in reader.found:
        if over.startswith(heading) and (not having or having in [row[0] for row in rows]):
            return {row[0]: row[1:] for row in rows[1:]}
    raise AssertionError(f"no table under {heading!r} among {[over for over, _ in reader.found]}")
