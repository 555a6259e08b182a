"""Verdicts that come later: POST /webhooks/moderation, signed like the question was.

A message counts once. Answers: 204 taken, also when there was nothing left to decide; 400 no
verdict; 401 not signed, or not now; 409 taken before; 413 too large; 503 try again.
"""

from http import HTTPStatus
from typing import Final

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from schema.nodes import parsed
from server.webhooks.service import BadVerdict, answer_of, read
from server.webhooks.signatures import NotVerified, Signer
from storage import moderation, webhooks
from storage.cases import Decider, Judge
from storage.database import Database, repeated
from storage.reached import Unavailable
from storage.rows import PhotoId
from workers.moderation import Answer

log = structlog.get_logger("webhooks")

PATH: Final = "/webhooks/moderation"
MOST_BYTES: Final = 64 * 1024


class _TooLarge(Exception):
    pass


def routes(database: Database, signer: Signer | None) -> list[Route]:
    """The route that takes verdicts; there is none without a secret."""
    if signer is None:
        return []

    async def serve(request: Request) -> Response:
        try:
            body = await _body(request)
            id = signer.verified(request.headers, body)
            photo, answer = _told(body)
            taken = await repeated(lambda: _count(database, id, photo, answer))
        except _TooLarge:
            return _refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {MOST_BYTES:,} bytes")
        except NotVerified as error:
            return _refused(HTTPStatus.UNAUTHORIZED, str(error))
        except (BadVerdict, ClientDisconnect) as error:
            return _refused(HTTPStatus.BAD_REQUEST, str(error))
        except Unavailable:
            return _refused(HTTPStatus.SERVICE_UNAVAILABLE, "try again")
        if not taken:
            return _refused(HTTPStatus.CONFLICT, "a message with that webhook-id was taken before")
        return Response(status_code=HTTPStatus.NO_CONTENT)

    return [Route(PATH, serve, methods=["POST"])]


async def _count(database: Database, id: str, photo: PhotoId, answer: Answer) -> bool:
    async with database.begin() as tx:
        if not await webhooks.take(tx, id):
            return False
        decider = Decider(Judge.SERVICE)
        was_held = await moderation.decide(tx, photo, answer.verdict, decider, answer.reason)
    log.info("verdict", photo=str(photo), verdict=str(answer.verdict), was_held=was_held)
    return True


def _told(body: bytes) -> tuple[PhotoId, Answer]:
    found = read(body)
    answer, id = answer_of(found), found.get("photoId")
    named = parsed(id) if isinstance(id, str) else None
    if answer is None or named is None or named[0] != "photo":
        raise BadVerdict('the body must be {"photoId": …, "verdict": "allow" or "reject"}')
    return PhotoId(named[1]), answer


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            raise _TooLarge
        parts.append(part)
    return b"".join(parts)


def _refused(status: HTTPStatus, why: str) -> Response:
    return PlainTextResponse(why, status, {"Cache-Control": "no-store"})
