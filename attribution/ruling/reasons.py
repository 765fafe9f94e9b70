"""Why nothing is suggested, in words that say what would help."""

from collections.abc import Mapping, Sequence

from attribution.ruling.gather import Evidence
from attribution.ruling.hints import names_in
from attribution.ruling.peers import Standing, account_of

NAMES_TOLD = 3
_STATES = {
    "unobserved": "telemetry has a gap there, and no rule knows whose time it was: "
    "see the nodes on Data health",
    "unmetered": "the bill counts more tokens than any call log: "
    "connect the calls that are missing",
}


def reason(rows: Sequence[Mapping], evidence: Evidence) -> str:
    """Of one group of series: the end of the sentence “No suggestion, because …”."""
    row = rows[0]
    if row["state"] in _STATES:
        return _STATES[row["state"]]
    told = f"the rule “{row['rule_title']}” claims it and finds no owner"
    if row["method"] == "unattributed":
        return f"{told}: change that rule" if row["rule_conditions"] else _untold(row, evidence)
    if evidence.peers.knows(row, "resource_id", row["resource_id"]):
        return f"{told}, while other charges of the resource have one: change that rule"
    return f"{told}; {_untold(row, evidence)}"


def _untold(row: Mapping, evidence: Evidence) -> str:
    """Why neither names nor neighbours tell the owner."""
    names = names_in(row, evidence)
    if len(names) > 1:
        told = ", ".join(f"“{known.name}”" for _, known in names[:NAMES_TOLD])
        return f"it holds several known names: {told}"
    bare = "neither its name nor its tags hold a known name"
    account = account_of(row)
    standing = evidence.peers.standing(row, "account", account, "team") if account else None
    if standing is None:
        where = f"nothing else of account {account} is attributed" if account else "no account"
        return f"{where}, and {bare}"
    return f"{_spread(standing, account)}, and {bare}"


def _spread(standing: Standing, account: str) -> str:
    if standing.is_nearly_all:
        count = "1 series" if standing.of_series == 1 else f"{standing.of_series} series"
        return f"only {count} of account {account} are attributed, too few to go by"
    told = ", ".join(
        f"{name or 'no team'} {int(share * 100)}%" for name, share in standing.names[:NAMES_TOLD]
    )
    return f"account {account} stands on several teams ({told})"
