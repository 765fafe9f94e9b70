"""What one unattributed series tells about its owner: hints, each with its evidence in words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
import re

from attribution.classify import own_dimensions
from attribution.ruling.gather import Evidence, Node, matches, target_of
from attribution.ruling.names import NAMED, Known, short_name, tokens
from attribution.ruling.peers import NEARLY_ALL, Standing, account_of, peer_keys

STRONG, FAIR, WEAK = STRENGTHS = ("strong", "fair", "weak")
FAIR_LETTERS = 5
KIN_NAMES = 3
MS_PER_HOUR = 3_600_000


@dataclass(frozen=True, eq=False)
class Hint:
    """A rule in the making. `wordings` are sets of conditions, the plainest first; `means` says
    whether a series is one of those meant; `tell` makes the evidence's sentence."""

    key: tuple
    wordings: tuple[tuple[dict, ...], ...]
    assigns: tuple[tuple[str, str], ...]
    strength: str
    means: Callable[[Mapping], bool]
    tell: Callable[[Sequence[Mapping]], str]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hint) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


def hints_of(row: Mapping, evidence: Evidence) -> list[Hint]:
    """The hints on one series, the most telling kind first; [] when nothing tells."""
    found = [
        _of_resource(row, evidence),
        _of_telemetry(row, evidence),
        _of_tag(row, evidence),
        _of_map(row, evidence),
        _of_name(row, evidence),
        *_of_peers(row, evidence),
        _of_kin(row, evidence),
    ]
    return [hint for hint in found if hint is not None]


def texts_of(row: Mapping) -> list[tuple[str, str]]:
    """(field, text) in which a name may stand; what only tells an environment names nobody."""
    texts = [("resource_name", row["resource_name"]), ("resource_id", row["resource_id"])]
    for key, value in sorted((row["tags"] or {}).items()):
        if value and not own_dimensions({key: value}):
            texts.append((f"tag:{key}", str(value)))
    group = (row["extras"] or {}).get("ResourceGroup", "")
    texts += [("extra:ResourceGroup", str(group)), ("sub_account_name", row["sub_account_name"])]
    return [(field, text) for field, text in texts if text]


def text_of(field: str, row: Mapping) -> str:
    return dict(texts_of(row)).get(field, "")


def names_in(row: Mapping, evidence: Evidence) -> list[tuple[str, Known]]:
    """(field, known name) of the first text that holds any; more than one is no clear word."""
    for field, text in texts_of(row):
        told = short_name(text) if field == "resource_id" else text
        if found := evidence.vocabulary.within(told):
            return [(field, one) for one in found]
    return []


def _is(field: str, value: str) -> dict:
    return {"field": field, "op": "is", "value": value}


def _of_resource(row: Mapping, evidence: Evidence) -> Hint | None:
    """Other series of the same resource are attributed: transfer, disks, other days."""
    resource = row["resource_id"]
    if not resource:
        return None
    standings = {
        dimension: evidence.peers.standing(row, "resource_id", resource, dimension)
        for dimension in NAMED
    }
    sure = {d: s for d, s in standings.items() if s is not None and s.is_nearly_all}
    if not sure:
        return None
    leading = "team" if "team" in sure else next(iter(sure))
    told = _standing_words(sure[leading], f"of resource {resource}", leading)
    return _plain(
        ("resource", resource),
        (_is("resource_id", resource),),
        {d: s.name for d, s in sure.items()},
        STRONG if sure[leading].of_series > 1 else FAIR,
        told,
    )


def _of_telemetry(row: Mapping, evidence: Evidence) -> Hint | None:
    """Telemetry saw a node of this name that no map joins to the bill."""
    for field in ("resource_id", "resource_name"):
        for name in (row[field], short_name(row[field])):
            if name and (node := evidence.nodes.get(name)):
                return _of_node(field, row[field], node)
    return None


def _of_node(field: str, text: str, node: Node) -> Hint | None:
    target, most = max(node.by_target.items(), key=lambda item: (item[1], item[0]))
    if not target or most < NEARLY_ALL * node.gpu_ms:
        return None
    owner = ", ".join(f"{dimension} {name}" for dimension, name in target)
    percent = f"{most * 100 // node.gpu_ms}%"
    told = (
        f"Telemetry saw a node {node.node}: {percent} of its {node.gpu_ms // MS_PER_HOUR:,} "
        f"GPU-hours are of {owner}. A row of the resource map would split it by measured time; "
        "this rule places all of it."
    )
    return _plain(("node", node.node), (_is(field, text),), dict(target), FAIR, told)


def _of_tag(row: Mapping, evidence: Evidence) -> Hint | None:
    """A tag whose key nobody knows holds a known name."""
    for key, value in sorted((row["tags"] or {}).items()):
        known = evidence.vocabulary.whole(str(value)) if value else None
        dimension = evidence.tag_dimensions.get(key, "")
        if known is None or dimension not in known.dims or own_dimensions({key: value}):
            continue

        def means(other: Mapping, key=key, dimension=dimension) -> bool:
            one = evidence.vocabulary.whole(_tag(other, key))
            return one is not None and dimension in one.dims

        def tell(rows: Sequence[Mapping], key=key, dimension=dimension) -> str:
            names = list(dict.fromkeys(_tag(one, key) for one in rows))
            told = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            return f"Tag {key} names a known {dimension} on {_count(rows)}: {told}."

        exists = {"field": f"tag:{key}", "op": "exists"}
        names = sorted(one.name for one in evidence.vocabulary.known if dimension in one.dims)
        one_of = {"field": f"tag:{key}", "op": "one_of", "value": names}
        return Hint(
            ("tag", key),
            ((exists,), (one_of,)),
            ((dimension, f"tag:{key}"),),
            STRONG,
            means,
            tell,
        )
    return None


def _tag(row: Mapping, key: str) -> str:
    return str((row["tags"] or {}).get(key) or "")


def _of_map(row: Mapping, evidence: Evidence) -> Hint | None:
    """Its name fits a pattern of the workload map."""
    for field in ("resource_name", "resource_id"):
        name = short_name(row[field])
        for one in evidence.patterns:
            if not name or not one.pattern.strip("*") or not matches(one.pattern, name):
                continue
            target = target_of(one)
            if not target:
                continue
            pattern = one.pattern
            owner = ", ".join(f"{dimension} {text}" for dimension, text in target)
            spelled = ".*".join(re.escape(part) for part in pattern.split("*"))
            regex = {"field": field, "op": "regex", "value": rf"(?:^|[/:]){spelled}$"}

            def means(other: Mapping, field=field, pattern=pattern) -> bool:
                return matches(pattern, short_name(other[field]))

            def tell(rows: Sequence[Mapping], pattern=pattern, owner=owner) -> str:
                verb = "fits" if len(rows) == 1 else "fit"
                told = f"The names of {_count(rows)} {verb} {pattern} of the workload map"
                return f"{told}, which stands for {owner}."

            wordings = ((regex,),)
            if pattern.endswith("*") and "*" not in pattern[:-1] and name == row[field]:
                starts = {"field": field, "op": "starts_with", "value": pattern[:-1]}
                wordings = ((starts,), (regex,))
            return Hint(("map", field, pattern), wordings, target, STRONG, means, tell)
    return None


def _of_name(row: Mapping, evidence: Evidence) -> Hint | None:
    found = names_in(row, evidence)
    if len(found) != 1:
        return None
    ((field, known),) = found
    assigns = tuple((dimension, known.name) for dimension in known.dims) + known.implies
    words = [token for token in known.tokens if len(token) > 1]
    strength = STRONG if len(words) > 1 else FAIR if len(words[0]) >= FAIR_LETTERS else WEAK
    between = "[^a-z0-9]*".join(map(re.escape, known.tokens))
    regex = rf"(?:^|[^a-z0-9]){between}(?:[^a-z0-9]|$)"

    def means(other: Mapping) -> bool:
        return [one for one in names_in(other, evidence) if one == (field, known)] != []

    def tell(rows: Sequence[Mapping]) -> str:
        kinds = " and ".join(known.dims)
        implied = "".join(
            f", and all of its money stands on {dimension} {name}"
            for dimension, name in known.implies
        )
        where = _field_words(field)
        return f"{where} of {_count(rows)} holds “{known.name}”, a known {kinds}{implied}."

    return Hint(
        ("name", field, known.name),
        (
            ({"field": field, "op": "contains", "value": known.name},),
            ({"field": field, "op": "regex", "value": regex},),
        ),
        assigns,
        strength,
        means,
        tell,
    )


def _of_peers(row: Mapping, evidence: Evidence) -> list[Hint]:
    """What shares its resource group, its account or a tag stands nearly all on one team."""
    hints = []
    for field, value in peer_keys(row):
        tag = field.removeprefix("tag:")
        if field == "resource_id" or (tag != field and own_dimensions({tag: value})):
            continue
        standing = evidence.peers.standing(row, field, value, "team")
        if standing is None or not (standing.is_nearly_all and standing.is_enough):
            continue
        account = account_of(row)
        conditions = [_is(field, value)]
        where = f"of account {account}"
        if field != "account":
            what = "in resource group" if tag == field else f"with tag {tag} ="
            where = f"of account {account} {what} {value}" if account else f"{what} {value}"
            conditions += [_is("account", account)] if account else []
        strength = STRONG if standing.is_strong and tag == field else FAIR
        told = _standing_words(standing, where, "team")
        key = ("peers", field, value, account)
        hints.append(_plain(key, tuple(conditions), {"team": standing.name}, strength, told))
    return hints


def _of_kin(row: Mapping, evidence: Evidence) -> Hint | None:
    """A rare word of its name stands in names of one team only, and no whole name does."""
    if names_in(row, evidence):
        return None
    for field, text in texts_of(row):
        told = short_name(text) if field == "resource_id" else text
        if not (found := evidence.vocabulary.kin(told)):
            continue
        token, team, names = found

        def means(other: Mapping, field=field, token=token) -> bool:
            return token in tokens(text_of(field, other))

        def tell(rows: Sequence[Mapping], field=field, token=token, team=team, names=names) -> str:
            told = "1 known name" if names == 1 else f"{names} known names"
            where = _field_words(field)
            return f"{where} of {_count(rows)} holds “{token}”, as {told} of team {team} do."

        regex = rf"(?:^|[^a-z0-9]){re.escape(token)}(?:[^a-z0-9]|$)"
        return Hint(
            ("kin", field, token),
            (
                ({"field": field, "op": "contains", "value": token},),
                ({"field": field, "op": "regex", "value": regex},),
            ),
            (("team", team),),
            FAIR if names >= KIN_NAMES else WEAK,
            means,
            tell,
        )
    return None


def _plain(key: tuple, conditions: tuple, assigns: Mapping, strength: str, told: str) -> Hint:
    def means(row: Mapping) -> bool:
        return True

    def tell(rows: Sequence[Mapping]) -> str:
        return told

    return Hint(key, (conditions,), tuple(assigns.items()), strength, means, tell)


def _standing_words(standing: Standing, where: str, dimension: str) -> str:
    percent = int(standing.share * 100)
    return (
        f"{standing.series} of {standing.of_series} attributed series {where} "
        f"stand on {dimension} {standing.name}, {percent}% of their money."
    )


def _field_words(field: str) -> str:
    if field.startswith("tag:"):
        return f"Tag {field[4:]}"
    return {
        "resource_name": "The resource name",
        "resource_id": "The resource id",
        "extra:ResourceGroup": "The resource group",
    }.get(field, "The account name")


def _count(rows: Sequence[Mapping]) -> str:
    count = len({row["id"] for row in rows})
    return "1 series" if count == 1 else f"{count:,} series"
