"""What every tool is made of: who calls, what may be asked, and what is refused with its cure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from aicost.accounts.company import company
from aicost.accounts.models import User
from aicost.api.mcp.said import Said
from aicost.kernel.periods import utc_today
from aicost.web.spans import Calendar
from attribution.reports.spec import Asker

TEXT_CHARS_MAX, VALUES_MAX, FILTERS_MAX = 200, 50, 10
ROWS_SHOWN, ROWS_MAX = 20, 100


class Refused(Exception):
    """A call that cannot be answered as put: what is wrong, where, and the cure."""

    def __init__(self, where: str, what: str, cure: str) -> None:
        super().__init__(f"{where}: {what}. {cure}")


@dataclass(frozen=True)
class Reader:
    """Who calls, what they may see, and the days that words such as "last month" mean."""

    user: User
    asker: Asker
    calendar: Calendar

    @classmethod
    def of(cls, user: User, asker: Asker) -> "Reader":
        return cls(user, asker, Calendar(utc_today(), company().fiscal_month))


def _clean(text: str) -> str:
    """Text that a name can be made of."""
    if "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise ValueError("holds a character that no name has")
    return text.strip()


def _listed(value: object) -> object:
    """One value stands for a list of one."""
    return [value] if isinstance(value, str) else value


def _filters(value: object) -> object:
    return {k: _listed(v) for k, v in value.items()} if isinstance(value, dict) else value


Text = Annotated[str, Field(max_length=TEXT_CHARS_MAX), AfterValidator(_clean)]
Names = Annotated[list[Text], Field(max_length=VALUES_MAX), BeforeValidator(_listed)]
Period = Annotated[
    Text,
    Field(
        description="Days, in UTC. Words: last month, this quarter, last 30 days, year to date, "
        "yesterday, September 2026, 2026-09, Q3 2026, 2026, July to September 2026. Exact days "
        "half-open, the last one excluded: 2026-09-01..2026-10-01. The answer says which days "
        "it understood."
    ),
]
GroupBy = Annotated[
    Names,
    Field(
        description="Dimensions to break the answer down by, such as feature, model, team "
        "(list_dimensions has them all). Empty: one total."
    ),
]
Filters = Annotated[
    dict[Text, Names],
    Field(
        max_length=FILTERS_MAX,
        description='Keep only these: {"team": ["search"], "model": ["gpt*"]}. Values of one '
        "dimension are alternatives, dimensions must all hold; an empty string is 'not set'; "
        "chat* begins so, *chat* holds it. search_values finds exact names.",
    ),
    BeforeValidator(_filters),
]
RowsMax = Annotated[
    int,
    Field(ge=1, le=ROWS_MAX, description="Rows at most; the rest is summed as 'N others'."),
]
Currency = Annotated[
    Text,
    Field(
        pattern=r"^([A-Z]{3})?$",
        description="Convert to this currency, such as EUR, by each month's rate; empty: as "
        "billed.",
    ),
]


class Arguments(BaseModel):
    """Arguments of a tool. What is not known is refused, so that a slip is not read over."""

    model_config = ConfigDict(extra="forbid")

    @property
    def replays(self) -> bool:
        """Whether rules are replayed to answer it."""
        return False


@dataclass(frozen=True)
class Tool:
    """One tool: its description is written for a model that has to choose it. `answer` raises
    Refused, BadSpec, NotAllowed, NoFigure."""

    name: str
    title: str
    description: str
    arguments: type[Arguments]
    answer: Callable[[Reader, Arguments], Said]
