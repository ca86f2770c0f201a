r"""Which regular expressions may say what another system's case numbers look like.

Every number typed is matched against the pattern, so one that takes long would stop the site. Accepted are characters,
classes, the escapes \d \w \s, plain and optional groups, alternatives, and quantifiers on single characters or classes;
refused are repeated groups, references, look-around and flags. What is left can be tried in a bounded number of ways,
which is counted here."""

import re

from spares.errors import Invalid

LONGEST = 200
MOST_WAYS = 20_000
NUMBER_LENGTH = 40  # a case number's column
_TOKEN = re.compile(
    r"(?P<open>\((?:\?:)?)(?!\?)|(?P<close>\))|(?P<other>\|)"
    r"|(?P<atom>\[\^?\]?(?:\\.|[^\]\\])*\]|\\[dDwWsS]|\\[^\w\s]|[^\\\[\](){}*+?|])"
    r"|(?P<times>\{(?P<least>\d{1,3})(?P<comma>,(?P<most>\d{0,3}))?\}|[*+?])"
)


def check_pattern(pattern: str) -> None:
    """Raises Invalid for a pattern that is not a regular expression, or not one of the kind described above."""
    if len(pattern) > LONGEST:
        raise Invalid("text_too_long", field="case_number_pattern", limit=LONGEST)
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        raise Invalid("pattern_broken", field="case_number_pattern") from None
    if _ways(pattern) > MOST_WAYS:
        raise Invalid("pattern_too_costly", field="case_number_pattern")


def _ways(pattern: str) -> int:
    """In how many ways the pattern can at most be laid over a number; more than MOST_WAYS for one not of the kind."""
    ways, position, before = 1, 0, ""
    while position < len(pattern):
        token = _TOKEN.match(pattern, position)
        if token is None or token.lastgroup is None:
            return MOST_WAYS + 1
        kind = next(name for name in ("open", "close", "other", "atom", "times") if token[name])
        if kind == "times":
            if before != "atom" and (before, token[0]) != ("close", "?"):
                return MOST_WAYS + 1
            ways *= _choices(token)
        elif kind == "other":
            ways *= 2
        before, position = kind, token.end()
    return ways


def _choices(token: re.Match[str]) -> int:
    """How many lengths a quantifier leaves open."""
    if token[0] == "?":
        return 2
    if token["least"] is None:
        return NUMBER_LENGTH
    if token["comma"] is None:
        return 1
    most = int(token["most"]) if token["most"] else NUMBER_LENGTH
    return max(1, min(most, NUMBER_LENGTH) - int(token["least"]) + 1)
