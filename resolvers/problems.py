"""The one place where a refusal becomes part of an answer."""

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import ParamSpec, TypeVar

import strawberry

from schema.errors import ErrorCode, InputError
from storage.database import repeated
from storage.refusals import Refusal, Refusals

Arguments = ParamSpec("Arguments")
Payload = TypeVar("Payload")


def answering(
    resolver: Callable[Arguments, Awaitable[Payload]],
) -> Callable[Arguments, Awaitable[Payload]]:
    """*resolver*, with the refusals it raises as the `errors` of its payload.

    One whose transaction collided with another one is called again: until its transaction is
    committed, a mutation does nothing that could not be done twice.
    """
    payload: Callable[..., Payload] = inspect.get_annotations(resolver, eval_str=True)["return"]

    @functools.wraps(resolver)
    async def answer(*arguments: Arguments.args, **named: Arguments.kwargs) -> Payload:
        async def tried() -> Payload:
            _forget(named)
            return await resolver(*arguments, **named)

        try:
            answered = await repeated(tried)
        except Refusal as refusal:
            return payload(errors=[_shown(refusal)])
        except Refusals as several:
            return payload(errors=[_shown(refusal) for refusal in several.refusals])
        # An operation may hold several mutations, and each answer shows what is true after it.
        _forget(named)
        return answered

    return answer


def _forget(named: Mapping[str, object]) -> None:
    """Whatever was read before is read again."""
    info = named.get("info")
    if isinstance(info, strawberry.Info):
        info.context.forget()


def _shown(refusal: Refusal) -> InputError:
    return InputError(
        code=ErrorCode(refusal.code), message=refusal.message, path=list(refusal.path)
    )
