"""A plot as SVG, written by hand: it needs no library and reads the same in every browser."""

from html import escape

WIDTH, LEFT, RIGHT = 720, 130, 70
BAR, GAP, TITLE, SPACE = 20, 6, 30, 18
OURS, THEIRS = "#1f6feb", "#9aa4af"
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#57606a}"
    ".t{font-weight:600}"
    "@media(prefers-color-scheme:dark){text{fill:#c9d1d9}}"
)


def bars(groups: dict[str, dict[str, float]]) -> str:
    """Milliseconds as bars, one group below the other, all to one scale."""
    most = max(value for group in groups.values() for value in group.values())
    drawn, y = [], 0
    for title, group in groups.items():
        drawn.append(f'<text class="t" x="0" y="{y + 19}">{escape(title)}, CPU per request</text>')
        y += TITLE
        for name, value in group.items():
            drawn += _bar(name, value, (WIDTH - LEFT - RIGHT) * value / most, y)
            y += BAR + GAP
        y += SPACE
    size = f'width="{WIDTH}" height="{y}" viewBox="0 0 {WIDTH} {y}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img"><style>{STYLE}</style>'
    return "\n".join([head, *drawn, "</svg>"]) + "\n"


def _bar(name: str, value: float, length: float, y: int) -> list[str]:
    colour = OURS if name == "picshare" else THEIRS
    middle = y + BAR - 5
    return [
        f'<text x="{LEFT - 8}" y="{middle}" text-anchor="end">{escape(name)}</text>',
        f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR}" rx="2" fill="{colour}"/>',
        f'<text x="{LEFT + length + 6:.1f}" y="{middle}">{value:.2f} ms</text>',
    ]
