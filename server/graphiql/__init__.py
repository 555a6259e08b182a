"""GraphiQL for browsers, from our own server alone.

The third-party files lie in node_modules, where `make setup` puts the versions of package.json;
without them the server runs all the same and the page says what is missing.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from html import escape
from pathlib import Path
from string import Template

from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from server.graphiql.tour import Example, examples

__all__ = ["Example", "examples", "missing", "page", "routes"]

_HERE = Path(__file__).parent
_MODULES = _HERE / "node_modules"
_PREFIX = "/graphiql"

# The page loads these in this order; nothing else of node_modules is served.
_THIRD_PARTY = (
    ("graphiql", "graphiql.min.css"),
    ("@graphiql/plugin-explorer", "dist/style.css"),
    ("react", "umd/react.production.min.js"),
    ("react-dom", "umd/react-dom.production.min.js"),
    ("graphiql", "graphiql.min.js"),
    ("@graphiql/plugin-explorer", "dist/index.umd.js"),
)
_OWN = ("page.css", "page.js", "session.js", "tour.js", "icon.svg")
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

_IMMUTABLE = "public, max-age=31536000, immutable"
_REVALIDATE = "no-cache"

# GraphiQL's editors set styles from JavaScript and its fonts are data URLs. Pictures may come
# from a CDN, because hovering over a variant's URL in an answer shows it.
_POLICY = (
    "default-src 'none'; "
    "script-src 'self'; "
    "style-src 'self' 'unsafe-inline'; "
    "font-src data:; "
    "img-src 'self' data: blob: http: https:; "
    "connect-src 'self'; "
    "base-uri 'none'; "
    "form-action 'none'; "
    "frame-ancestors 'none'"
)
_NOSNIFF = {"X-Content-Type-Options": "nosniff"}
_PAGE_HEADERS = _NOSNIFF | {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "Cache-Control": _REVALIDATE,
    # The same address answers GraphQL to clients that ask for JSON.
    "Vary": "Accept",
}

_Endpoint = Callable[[Request], Response]


def missing() -> str | None:
    """Why GraphiQL cannot be shown, in one line; None when it can."""
    absent = [
        f"{name}/{file}" for name, file in _THIRD_PARTY if not (_MODULES / name / file).is_file()
    ]
    if not absent:
        return None
    return (
        f"GraphiQL is not installed: {_MODULES / absent[0]} is missing; `make setup` installs it."
    )


def page(unexplorable: str | None = None) -> Response:
    """GraphiQL, sending its requests to the address it was loaded from.

    *unexplorable*: why it could not show anything; the page says so instead.
    """
    reason = unexplorable or missing()
    if reason:
        html = Template((_HERE / "missing.html").read_text()).substitute(reason=escape(reason))
        return HTMLResponse(html, status_code=404, headers=_PAGE_HEADERS)
    return HTMLResponse(_html(), headers=_PAGE_HEADERS)


def routes() -> list[BaseRoute]:
    """Everything the page loads, and nothing else of the disk."""
    third_party = [
        Route(_path(*asset), _file(_MODULES / "/".join(asset), _IMMUTABLE))
        for asset in _THIRD_PARTY
    ]
    own = [Route(f"/{name}", _file(_HERE / name, _REVALIDATE)) for name in _OWN]
    tour = Route("/examples.json", _examples)
    return [
        Mount(_PREFIX, routes=[*third_party, *own, tour], middleware=[Middleware(GZipMiddleware)])
    ]


def _file(path: Path, caching: str) -> _Endpoint:
    headers = _NOSNIFF | {"Cache-Control": caching}

    def endpoint(_: Request) -> Response:
        if not path.is_file():
            raise HTTPException(404)
        return FileResponse(path, headers=headers, media_type=_MEDIA_TYPES[path.suffix])

    return endpoint


def _examples(_: Request) -> Response:
    headers = _NOSNIFF | {"Cache-Control": _REVALIDATE}
    return JSONResponse([asdict(example) for example in examples()], headers=headers)


@cache
def _html() -> str:
    addresses = [_PREFIX + _path(*asset) for asset in _THIRD_PARTY]
    styles = [f'<link rel="stylesheet" href="{url}">' for url in addresses if url.endswith(".css")]
    scripts = [f'<script defer src="{url}"></script>' for url in addresses if url.endswith(".js")]
    template = Template((_HERE / "page.html").read_text())
    return template.substitute(third_party="\n  ".join(styles + scripts))


@cache
def _versions() -> dict[str, str]:
    versions: dict[str, str] = json.loads((_HERE / "package.json").read_text())["dependencies"]
    return versions


def _path(package: str, file: str) -> str:
    # The version in the path changes with the content, so browsers may keep a file for ever.
    return f"/{package}@{_versions()[package]}/{file}"
