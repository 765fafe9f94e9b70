"""What a connector offers: how a source is configured, tested and fetched. Connectors import no
Django and keep nothing themselves: they land bytes below a folder and say what to remember.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

TEXT, SECRET, CHOICE, NUMBER, DATE, FLAG, LINES = (
    "text",
    "secret",
    "choice",
    "number",
    "date",
    "flag",
    "lines",
)


class FetchError(Exception):
    """Fetching failed. `message` says what and where, `cure` what to do; neither holds a secret."""

    def __init__(self, message: str, cure: str = "") -> None:
        super().__init__(". ".join(part for part in (message, cure) if part))
        self.message, self.cure = message, cure


@dataclass(frozen=True)
class Field:
    """One value a source is configured with, as a form and the command line ask for it.

    `kind` is text, secret (stored encrypted, never shown again), choice, number (int), date
    (YYYY-MM-DD), flag (bool) or lines (one value a line, a list of str). A secret may be left empty
    where the environment has credentials of its own (AWS, Google, Azure): `required` is False then.
    """

    name: str
    label: str
    kind: str = TEXT
    help: str = ""
    required: bool = True
    default: object = ""
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Check:
    """One line of Test connection: what was tried, whether it works, and if not, what is missing
    in words a user can act on (which permission, which setting)."""

    ok: bool
    what: str
    cure: str = ""


@dataclass(frozen=True)
class Fetched:
    """Files that belong together and have landed completely; they are loaded as one command would
    load `paths`. Once they stand (published, unchanged, or kept aside with a reason) `state`
    replaces what the source remembers. `facts` are shown with the run: bytes billed, a query's job
    id, warnings of the server. `replace` says the sender's set is the whole truth of its scopes."""

    paths: tuple[Path, ...]
    name: str
    state: Mapping[str, object]
    facts: Mapping[str, object] = field(default_factory=dict)
    replace: bool = False


@dataclass(frozen=True)
class Connector:
    """One way to fetch.

    `test(config)` tries the connection and yields every check it made. `fetch(config, state,
    folder)` yields sets as they become complete; `state` is the dict the last set left, {} at
    first; `folder` is the source's own and survives between runs, so that a download can resume.
    Both get all field values, secrets included, by name. They raise `FetchError`.
    """

    name: str
    title: str
    summary: str
    kind: str
    fields: tuple[Field, ...]
    test: Callable[[Mapping], Iterable[Check]]
    fetch: Callable[[Mapping, Mapping, Path], Iterator[Fetched]]
    every_minutes: int = 60
    sent_to: str = ""  # where the other side sends to, before the source's name; then none fetches
