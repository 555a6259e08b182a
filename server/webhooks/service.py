"""The moderation service: asked by webhook, believed by signature."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson

from schema.nodes import global_id
from server.webhooks.client import Client, NotSent
from server.webhooks.signatures import Signer
from server.webhooks.targets import Target
from storage.cases import Verdict
from storage.moderation import Question
from workers.moderation import Answer, NotAsked

EVENT: Final = "photo.held"
VERDICTS: Final = {"allow": Verdict.ALLOW, "reject": Verdict.REJECT}
MOST_REASON: Final = 500
_LATER: Final = {202, 204}
_GONE: Final = 410
_OK: Final = 200

UrlOf = Callable[[str], str]


class BadVerdict(ValueError):
    """It cannot be read as a verdict; the text says why."""


@dataclass(frozen=True, slots=True, repr=False)
class WebhookService:
    """Asks at one address; *url_of* makes the short-lived addresses of variants."""

    target: Target
    signer: Signer
    client: Client
    url_of: UrlOf

    async def ask(self, question: Question) -> Answer | None:
        """The verdict; None when it will come later, by a callback. Raises NotAsked."""
        body = self._message(question)
        headers = self.signer.headers(f"msg_{question.id.hex}", body)
        headers |= {"Content-Type": "application/json", "User-Agent": "PicShare"}
        try:
            reply = await self.client.post(self.target, headers, body)
        except NotSent as error:
            raise NotAsked(str(error)) from error
        if reply.status in _LATER:
            return None
        if reply.status != _OK:
            again_in = (
                None if reply.retry_after_s is None else timedelta(seconds=reply.retry_after_s)
            )
            raise NotAsked(
                f"the status was {reply.status}", again_in=again_in, is_final=reply.status == _GONE
            )
        try:
            return verdict(reply.body) if reply.body.strip() else None
        except BadVerdict as error:
            raise NotAsked(str(error)) from error

    def _message(self, question: Question) -> bytes:
        variants = [
            {
                "name": row.name,
                "url": self.url_of(row.key),
                "width": row.width,
                "height": row.height,
                "contentType": row.content_type,
                "byteSize": row.byte_size,
            }
            for row in question.made
        ]
        data = {"photoId": global_id("photo", question.photo_id), "variants": variants}
        moment = datetime.now(UTC).isoformat()
        return orjson.dumps({"type": EVENT, "timestamp": moment, "data": data})


def verdict(body: bytes) -> Answer | None:
    """What a body in JSON says; None where it holds no verdict. Raises BadVerdict."""
    return answer_of(read(body))


def read(body: bytes) -> dict[str, object]:
    """A JSON object. Raises BadVerdict."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadVerdict("the body is no JSON") from None
    if not isinstance(found, dict):
        raise BadVerdict("the body is no JSON object")
    return found


def answer_of(found: dict[str, object]) -> Answer | None:
    """The verdict in a JSON object; None where it holds none. Raises BadVerdict."""
    named, reason = found.get("verdict"), found.get("reason")
    if named is None:
        return None
    if not isinstance(named, str) or named not in VERDICTS:
        raise BadVerdict('verdict must be "allow" or "reject"')
    if not isinstance(reason, str | None):
        raise BadVerdict("reason must be a text")
    # What PostgreSQL cannot keep, and what nobody reads, is no reason.
    shown = "".join(each for each in reason or "" if each.isprintable())
    return Answer(VERDICTS[named], shown[:MOST_REASON].strip())
