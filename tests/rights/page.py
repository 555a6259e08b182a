"""docs/rights.md as data: what the page says is what the tests ask for."""

from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "rights.md"
ROLES = ("owner", "follower", "requested", "stranger", "guest", "blocked", "blocking")


def _rows(text: str) -> list[list[str]]:
    """The cells of every table row, headings and rules left out."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for number, row in enumerate(rows) if number > 1 and not row[0].startswith("---")]


def _between(begin: str, end: str) -> str:
    text = PAGE.read_text()
    return text[text.index(begin) : text.index(end)]


def sees(role: str, *, status: str, visibility: str, is_private: bool) -> bool:
    """Whether the page lets that role see such a photo."""
    if status != "READY":
        wanted = "PROCESSING or FAILED"
    else:
        account = "private" if is_private else "open"
        account = f"{account} account" if visibility == "PUBLIC" else "any account"
        wanted = f"READY, {visibility}, {account}"
    for state, *cells in _rows(_between("## Photos", "## People")):
        if state == wanted:
            return dict(zip(ROLES, cells, strict=True))[role] == "yes"
    raise LookupError(f"the page has no row {wanted!r}")


def fields() -> dict[str, str]:
    """The rule of every field, by `Type.field`."""
    rows = _rows(_between("<!-- fields -->", "<!-- /fields -->"))
    return {
        f"{kind.strip('`')}.{name.strip(' `')}": rule
        for kind, names, rule in rows
        for name in names.split(",")
    }


def mutations() -> dict[str, dict[str, str]]:
    """What every mutation answers, by its name: about what, guest, own, seen, unseen."""
    rows = _rows(_between("<!-- mutations -->", "<!-- /mutations -->"))
    keys = ("about", "guest", "own", "seen", "unseen")
    return {name.strip("`"): dict(zip(keys, cells, strict=True)) for name, *cells in rows}
