"""What is said with the head of an answer, by whoever is on its way."""

from collections.abc import Callable

from starlette.types import Message, Send


def starting(send: Send, *say: Callable[[Message], None]) -> Send:
    """Sends as *send* does; before that each of *say* is told of the message that begins."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            for each in say:
                each(message)
        await send(message)

    return sending
