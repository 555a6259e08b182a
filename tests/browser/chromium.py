"""A headless Chromium, driven over the DevTools protocol."""

import asyncio
import json
import os
import shutil
import signal
from contextlib import asynccontextmanager, suppress
from itertools import count

from websockets.asyncio.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome")
START_S = 30
ANSWER_S = 20
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    "--window-size=1400,900",
)


def executable() -> str | None:
    """The Chromium of this machine, or the one that PICSHARE_TEST_CHROMIUM names."""
    named = os.environ.get("PICSHARE_TEST_CHROMIUM")
    return next(filter(None, map(shutil.which, [named] if named else NAMES)), None)


class Tab:
    """One browser tab: what it is told, and everything it reported since it was opened."""

    def __init__(self, socket: ClientConnection):
        self.socket = socket
        self.numbers = count(1)
        self.answers: dict[int, asyncio.Future] = {}
        self.events: list[dict] = []

    async def listen(self) -> None:
        async for text in self.socket:
            message = json.loads(text)
            if "id" in message:
                self.answers.pop(message["id"]).set_result(message)
            else:
                self.events.append(message)

    async def tell(self, method: str, **params: object) -> dict:
        number = next(self.numbers)
        answer = self.answers[number] = asyncio.get_running_loop().create_future()
        await self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        message = await asyncio.wait_for(answer, ANSWER_S)
        assert "error" not in message, f"{method}: {message['error']}"
        return message["result"]

    async def run(self, script: str) -> object:
        """The value of a JavaScript expression; a promise is awaited."""
        result = await self.tell(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        failure = result.get("exceptionDetails")
        assert failure is None, f"{failure['exception']['description']}; {self.complaints()}"
        return result["result"].get("value")

    async def until(self, condition: str) -> None:
        """Returns as soon as a JavaScript expression is truthy."""
        await self.run(f"""new Promise((resolve, reject) => {{
            const deadline = Date.now() + {ANSWER_S - 5}000;
            const ask = () => {{
                if ({condition}) resolve();
                else if (Date.now() > deadline) reject(new Error({json.dumps(condition)}));
                else setTimeout(ask, 20);
            }};
            ask();
        }})""")

    def reported(self, method: str) -> list[dict]:
        return [event["params"] for event in self.events if event["method"] == method]

    def complaints(self) -> list[dict]:
        """What the console shows, uncaught exceptions, and requests that failed."""
        kinds = ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")
        return [
            event for kind in (*kinds, "Network.loadingFailed") for event in self.reported(kind)
        ]


@asynccontextmanager
async def chromium(profile: str):
    """A tab of a Chromium with a fresh profile; the browser ends with the block."""
    arguments = (*FLAGS, f"--user-data-dir={profile}", "about:blank")
    process = await asyncio.create_subprocess_exec(
        executable(), *arguments, stderr=asyncio.subprocess.PIPE, start_new_session=True
    )
    try:
        async with asyncio.timeout(START_S):
            address = await _devtools_address(process.stderr)
        async with _tab(address) as tab:
            yield tab
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        # Reading to the end closes the pipe.
        await process.communicate()


async def _devtools_address(stderr: asyncio.StreamReader) -> str:
    seen = b""
    async for line in stderr:
        seen += line
        if line.startswith(b"DevTools listening on "):
            return line.split()[-1].decode()
    raise AssertionError(f"Chromium ended at its start: {seen.decode(errors='replace')}")


@asynccontextmanager
async def _tab(address: str):
    host = address.split("/")[2]
    async with connect(address, proxy=None) as browser:
        command = {"id": 1, "method": "Target.createTarget", "params": {"url": "about:blank"}}
        await browser.send(json.dumps(command))
        target = json.loads(await browser.recv())["result"]["targetId"]
    page = f"ws://{host}/devtools/page/{target}"
    async with connect(page, proxy=None, max_size=None) as socket:
        tab = Tab(socket)
        listening = asyncio.create_task(tab.listen())
        try:
            for domain in ("Page", "Runtime", "Network", "Log"):
                await tab.tell(f"{domain}.enable")
            yield tab
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
