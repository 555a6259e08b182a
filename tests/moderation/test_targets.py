"""No webhook goes inside: refused when it is set, and again when it is connected to."""

import asyncio
import contextlib

import pytest

from server.webhooks.client import Client, NotSent, resolved
from server.webhooks.targets import BadTarget, Target, is_public, target

# {port} is that of a canary which listens on 127.0.0.1 and ::1 and counts who comes.
TARGETS = [
    "http://127.0.0.1:{port}/",
    "https://127.0.0.1:{port}/",
    "https://127.0.0.1/",
    "https://127.1:{port}/",
    "https://127.0.1:{port}/",
    "https://127.255.255.254:{port}/",
    "https://localhost:{port}/",
    "https://LOCALHOST:{port}/",
    "https://localhost.:{port}/",
    "https://canary.localhost:{port}/",
    "https://0.0.0.0:{port}/",
    "https://0:{port}/",
    "https://2130706433:{port}/",
    "https://017700000001:{port}/",
    "https://0177.0.0.1:{port}/",
    "https://0x7f000001:{port}/",
    "https://0x7f.0.0.1:{port}/",
    "https://0x7f.1:{port}/",
    "https://[::1]:{port}/",
    "https://[::]:{port}/",
    "https://[0:0:0:0:0:0:0:1]:{port}/",
    "https://[::ffff:127.0.0.1]:{port}/",
    "https://[::ffff:7f00:1]:{port}/",
    "https://[::127.0.0.1]:{port}/",
    "https://[64:ff9b::7f00:1]:{port}/",
    "https://[2002:7f00:1::]:{port}/",
    "https://[fe80::1%25lo]:{port}/",
    "https://[fc00::1]:{port}/",
    "https://[fd00::1]:{port}/",
    "https://[fec0::1]:{port}/",
    "https://[ff02::1]:{port}/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[fd00:ec2::254]/latest/meta-data/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.0.1/",
    "https://100.64.0.1/",
    "https://192.0.0.1/",
    "https://198.18.0.1/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://user:password@127.0.0.1:{port}/",
    "https://example.com@127.0.0.1:{port}/",
    "https://127。0。0。1:{port}/",
    "https://①②⑦.0.0.1:{port}/",
    "https://example.com:5432/",
    "http://example.com/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/",
    "https://127.0.0.1:{port}\\@example.com/",
    "https://metadata.google.internal/",
]


async def post(client, url):
    """As if the address had passed the first look."""
    await client.post(Target(url, is_tls=True, host="", port=0), {}, b"{}")


class Canary:
    """Counts who comes to 127.0.0.1 and ::1."""

    def __init__(self):
        self.visits = 0
        self.port = 0

    def _visited(self, _reader, writer):
        self.visits += 1
        writer.close()

    @contextlib.asynccontextmanager
    async def listening(self):
        first = await asyncio.start_server(self._visited, "127.0.0.1", 0)
        self.port = first.sockets[0].getsockname()[1]
        servers = [first]
        with contextlib.suppress(OSError):
            servers.append(await asyncio.start_server(self._visited, "::1", self.port))
        try:
            yield self
        finally:
            for server in servers:
                server.close()
                await server.wait_closed()


def test_there_are_enough_targets():
    assert len(set(TARGETS)) == len(TARGETS) == 51


@pytest.mark.parametrize("url", TARGETS)
def test_a_target_inside_is_refused_when_it_is_set(url):
    with pytest.raises(BadTarget) as caught:
        target(url.format(port=8443))
    assert "127" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://moderation.example.com/hook",
        "https://moderation.example.com:443/hook?key=a%20b",
        "https://xn--bcher-kva.example/",
        "https://8.8.8.8/",
        "https://[2606:4700:4700::1111]/",
    ],
)
def test_a_target_outside_is_good(url):
    assert target(url).url == url


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/", "http://localhost:1/", "https://[::1]:8443/"]
)
def test_loopback_is_good_where_it_is_allowed(url):
    assert target(url, allow_loopback=True).url == url
    with pytest.raises(BadTarget):
        target("http://192.168.0.1:8080/", allow_loopback=True)


async def near(host, port):
    """No name server outside is asked."""
    known = {"example.com": "8.8.8.8", "metadata.google.internal": "169.254.169.254"}
    return [known[host]] if host in known else await resolved(host, port)


async def test_no_target_inside_is_connected_to():
    """As if each had passed the first look: the connection itself is refused."""
    canary = Canary()
    async with canary.listening():
        ports = frozenset({443, canary.port})
        client = Client(resolve=near, ports=ports, longest_s=30)
        reasons = {}
        for written in TARGETS:
            url = written.format(port=canary.port)
            with pytest.raises((NotSent, ValueError, TypeError)) as caught:
                await post(client, url)
            reasons[written] = str(caught.value)
        assert canary.visits == 0, reasons

        # The canary does hear those who are let through.
        loose = Client(allow_loopback=True, longest_s=30)
        url = f"http://127.0.0.1:{canary.port}/"
        with pytest.raises(NotSent):
            await post(loose, url)
        assert canary.visits == 1


@pytest.mark.parametrize(
    "found",
    [
        ["127.0.0.1"],
        ["::1"],
        ["8.8.8.8", "127.0.0.1"],
        ["127.0.0.1", "8.8.8.8"],
        ["::ffff:127.0.0.1"],
        ["10.0.0.1"],
        [],
        ["no address"],
    ],
)
async def test_a_name_that_leads_inside_is_not_connected_to(found):
    asked = []

    async def resolve(host, port):
        asked.append(host)
        return found

    canary = Canary()
    async with canary.listening():
        client = Client(resolve=resolve, ports=frozenset({canary.port}), longest_s=30)
        url = f"https://rebinding.example.com:{canary.port}/"
        with pytest.raises(NotSent, match="does not lead to the public internet"):
            await post(client, url)
        assert (asked, canary.visits) == (["rebinding.example.com"], 0)


async def test_a_name_is_resolved_once_and_its_number_is_connected_to():
    """A name server with a second answer for whoever asks again is not asked again."""
    canary = Canary()
    async with canary.listening():
        answers = [["127.0.0.1"], ["10.0.0.1"]]

        async def resolve(host, port):
            return answers.pop(0)

        client = Client(resolve=resolve, allow_loopback=True, longest_s=30)
        url = f"http://rebinding.example.com:{canary.port}/"
        with pytest.raises(NotSent):
            await post(client, url)
        assert (answers, canary.visits) == ([["10.0.0.1"]], 1)


async def test_another_port_than_that_of_https_is_not_connected_to():
    async def resolve(host, port):
        return ["8.8.8.8"]

    with pytest.raises(NotSent, match="port 5432"):
        await Client(resolve=resolve).post(
            Target("https://example.com:5432/", is_tls=True, host="", port=0), {}, b"{}"
        )


def test_what_is_public():
    assert [
        is_public(each) for each in ("8.8.8.8", "2606:4700:4700::1111", "64:ff9b::808:808")
    ] == [True] * 3
    assert not any(map(is_public, ["", "localhost", "8.8.8.8.8", "::", "240.0.0.1", "fec0::1"]))
