"""What is proved by e-mail: an address, another one, and that a forgotten password may change."""

import asyncio
import socket
import ssl
import subprocess
from dataclasses import replace

import pytest
import pytest_asyncio
from aiosmtpd.smtp import SMTP, AuthResult
from sqlalchemy import select, text

from resolvers.context import Client
from server.embedded.sockets import free_port
from server.mail.letters import Letters
from server.mail.postboxes import Folder, Smtp
from storage.mails import Letter
from storage.rows import MailKind
from storage.tables import mail_codes, mails, metadata
from tests.accounts.mailing import let_run_out
from tests.accounts.operations import (
    ACCOUNT,
    CHANGE_EMAIL,
    CHANGE_PASSWORD,
    PASSWORD,
    REQUEST_RESET,
    REQUEST_VERIFICATION,
    RESET,
    VERIFY,
    account,
    bearer,
)
from workers.mails import NotDelivered, send
from workers.outcomes import Outcome

GONE = {
    "code": "EXPIRED",
    "message": "the code is wrong, too old, or was used before; ask for another",
    "path": ["input", "code"],
}
VERIFYING, RESETTING = "Confirm your e-mail address", "Reset your password"
CHANGING = "Confirm your new e-mail address"


def address_of(member):
    return f"{member['user']['username']}@example.org"


async def test_signing_up_sends_a_code_that_verifies_the_address(send, mailbox, member):
    address = address_of(member)
    before, _ = await send(ACCOUNT, bearer(member))
    code = await mailbox.code(address, VERIFYING)
    data, _ = await send(VERIFY, code=code)
    after, _ = await send(ACCOUNT, bearer(member))

    assert before["account"] == {"email": address, "emailVerifiedAt": None, "newEmail": None}
    # Without a session it tells nothing of the account.
    assert data["verifyEmail"] == {"account": None, "errors": []}
    assert after["account"]["emailVerifiedAt"] is not None
    again, _ = await send(VERIFY, code=code)
    assert again["verifyEmail"] == {"account": None, "errors": [GONE]}


async def test_a_mail_is_plain_and_its_link_keeps_the_code_from_servers(mailbox, member):
    address = address_of(member)
    (message,) = await mailbox.sent_to(address)
    code = await mailbox.code(address, VERIFYING)

    assert message["From"] == "PicShare <no-reply@example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "text/plain"
    assert f"https://app.example/verify-email#code={code}" in message.get_content()


async def test_another_code_can_be_asked_for_until_the_address_is_verified(
    database, send, mailbox, member
):
    address = address_of(member)
    await mailbox.sent_to(address)
    for _ in range(3):
        data, _ = await send(REQUEST_VERIFICATION, bearer(member))
        assert data["requestEmailVerification"]["errors"] == []
    data, _ = await send(REQUEST_VERIFICATION, bearer(member))

    assert [e["code"] for e in data["requestEmailVerification"]["errors"]] == ["NOT_ALLOWED"]
    assert len(await mailbox.sent_to(address)) == 4
    await send(VERIFY, code=await mailbox.code(address, VERIFYING))
    async with database.begin() as tx:
        await tx.execute(text("delete from attempts"))
    await send(REQUEST_VERIFICATION, bearer(member))
    assert len(await mailbox.sent_to(address)) == 4


async def test_a_reset_ends_every_session_and_opens_one(send, log_in, refresh, mailbox, member):
    address = address_of(member)
    other = (await log_in(address))["session"]
    await send(REQUEST_RESET, email=address.upper())
    code = await mailbox.code(address.upper(), RESETTING)
    data, _ = await send(RESET, code=code, password="another horse")
    session = data["resetPassword"]["session"]

    assert session["user"] == {"username": member["user"]["username"]}
    for old in (member, other):
        assert (await refresh(old["refreshToken"]))["session"] is None
    assert (await log_in(address))["session"] is None
    assert (await log_in(address, "another horse"))["errors"] == []
    shown, _ = await send(ACCOUNT, bearer(session))
    assert shown["account"]["emailVerifiedAt"] is not None
    assert [m["Subject"] for m in await mailbox.sent_to(address)][-1] == "Your password was changed"


async def test_a_code_is_good_once_and_for_an_hour_and_for_one_thing(
    database, send, log_in, mailbox, member
):
    address = address_of(member)
    verifying = await mailbox.code(address, VERIFYING)
    await send(REQUEST_RESET, email=address)
    first = await mailbox.code(address, RESETTING)
    await send(REQUEST_RESET, email=address)
    second = await mailbox.code(address, RESETTING)
    assert first != second

    for code in (verifying, "", "x", first + "x", "\ud800", "A" * 100_000):
        data, _ = await send(RESET, code=code, password="another horse")
        assert data["resetPassword"] == {"session": None, "errors": [GONE]}
    data, _ = await send(RESET, code=first, password="another horse")
    assert data["resetPassword"]["errors"] == []
    # Using one uses up all of its kind.
    for code in (first, second):
        data, _ = await send(RESET, code=code, password="a third horse")
        assert data["resetPassword"] == {"session": None, "errors": [GONE]}
    await send(REQUEST_RESET, email=address)
    late = await mailbox.code(address, RESETTING)
    await let_run_out(database, address)
    data, _ = await send(RESET, code=late, password="a third horse")
    assert data["resetPassword"] == {"session": None, "errors": [GONE]}
    assert (await log_in(address, "another horse"))["errors"] == []


async def test_a_password_that_cannot_be_leaves_the_code_good(send, mailbox, member):
    address = address_of(member)
    await send(REQUEST_RESET, email=address)
    code = await mailbox.code(address, RESETTING)
    data, _ = await send(RESET, code=code, password="short")
    assert [e["code"] for e in data["resetPassword"]["errors"]] == ["INVALID"]

    data, _ = await send(RESET, code=code, password="another horse")
    assert data["resetPassword"]["errors"] == []


async def test_asking_for_a_reset_tells_nothing(database, send, counts, mailbox, member):
    async def rows_of(email):
        before = await counts()
        answer = await send(REQUEST_RESET, email=email, client=Client("192.0.2.9"))
        after = await counts()
        return answer, {name: after[name] - before[name] for name in after}

    await send(REQUEST_RESET, email="first@example.org", client=Client("192.0.2.9"))
    known = await rows_of(address_of(member))
    unknown = await rows_of("nobody-at-all@example.org")

    assert known == unknown
    assert known[1] | {"mails": 1, "attempts": 1} == known[1]
    assert await mailbox.sent_to("nobody-at-all@example.org") == []
    async with database.connect() as connection:
        found = select(mails.c.user_id, mails.c.sent_at).where(
            mails.c.email == "nobody-at-all@example.org"
        )
        assert (await connection.execute(found)).all() == [(None, None)]


async def test_an_address_gets_few_mails_that_it_did_not_ask_for(send, mailbox, member):
    address = address_of(member)
    answers = [await send(REQUEST_RESET, email=address) for _ in range(10)]

    assert answers == [({"requestPasswordReset": {"errors": []}}, [])] * 10
    subjects = [message["Subject"] for message in await mailbox.sent_to(address)]
    assert subjects.count(RESETTING) == 3


async def test_one_client_sends_few_mails(database, send, counts):
    client = Client("192.0.2.55")
    before = (await counts())["mails"]
    for number in range(30):
        await send(REQUEST_RESET, email=f"someone{number}@example.org", client=client)

    assert (await counts())["mails"] == before + 20


async def test_an_address_changes_when_the_new_one_is_proved(send, log_in, mailbox, member):
    old, new = address_of(member), f"new-{address_of(member)}"
    data, _ = await send(CHANGE_EMAIL, bearer(member), email=new, password=PASSWORD)
    assert data["changeEmail"] == {"account": {"email": old, "newEmail": new}, "errors": []}
    assert (await log_in(new))["session"] is None

    code = await mailbox.code(new, CHANGING)
    data, _ = await send(VERIFY, bearer(member), code=code)

    assert data["verifyEmail"] == {"account": {"email": new, "newEmail": None}, "errors": []}
    assert (await log_in(new))["errors"] == []
    assert (await log_in(old))["session"] is None
    assert (await mailbox.sent_to(old))[-1]["Subject"] == "Your e-mail address was changed"


async def test_changing_to_the_address_of_another_tells_nothing_until_it_is_proved(
    send, sign_up, mailbox, member
):
    other = account()
    await sign_up(**other)
    data, _ = await send(CHANGE_EMAIL, bearer(member), email=other["email"], password=PASSWORD)
    assert data["changeEmail"]["errors"] == []
    code = await mailbox.code(other["email"], CHANGING)
    data, _ = await send(VERIFY, bearer(member), code=code)

    assert [e["code"] for e in data["verifyEmail"]["errors"]] == ["TAKEN"]
    shown, _ = await send(ACCOUNT, bearer(member))
    assert shown["account"]["email"] == address_of(member)


async def test_changing_the_address_needs_the_password(send, mailbox, member):
    data, _ = await send(CHANGE_EMAIL, bearer(member), email="x@example.org", password="wrong")

    assert [(e["code"], e["path"]) for e in data["changeEmail"]["errors"]] == [
        ("WRONG_CREDENTIALS", ["input", "password"])
    ]
    assert await mailbox.sent_to("x@example.org") == []


async def test_changing_the_password_ends_what_a_thief_began(send, mailbox, member):
    await send(CHANGE_EMAIL, bearer(member), email="thief@example.org", password=PASSWORD)
    code = await mailbox.code("thief@example.org", CHANGING)
    await send(CHANGE_PASSWORD, bearer(member), password=PASSWORD, new="another horse")

    data, _ = await send(VERIFY, code=code)
    assert data["verifyEmail"]["errors"] == [GONE]


async def test_twenty_at_once_use_a_code_once(send, log_in, mailbox, member):
    address = address_of(member)
    await send(REQUEST_RESET, email=address)
    code = await mailbox.code(address, RESETTING)
    answers = await asyncio.gather(
        *(send(RESET, code=code, password=f"horse number {n}") for n in range(20))
    )

    done = [n for n, (data, _) in enumerate(answers) if data["resetPassword"]["session"]]
    assert len(done) == 1
    assert (await log_in(address, f"horse number {done[0]}"))["errors"] == []


async def test_no_row_and_no_job_holds_a_code(database, send, mailbox, member):
    address = address_of(member)
    await send(REQUEST_RESET, email=address)
    codes = [await mailbox.code(address, subject) for subject in (VERIFYING, RESETTING)]

    async with database.connect() as connection:
        for name in [*metadata.tables, "pgqueuer", "pgqueuer_log"]:
            rows = (await connection.execute(text(f"select t::text from {name} t"))).scalars()
            kept = "\n".join(rows)
            for code in codes:
                assert code not in kept
                assert code.encode().hex() not in kept


async def test_a_job_run_twice_sends_one_mail_and_a_late_one_none(database, mailbox, member):
    address = address_of(member)
    await mailbox.sent_to(address)
    async with database.connect() as connection:
        (id,) = (
            await connection.execute(select(mails.c.id).where(mails.c.email == address))
        ).scalars()
    assert await send(database, mailbox.postbox, id) is Outcome.NOTHING
    assert len(await mailbox.sent_to(address)) == 1

    async with database.begin() as tx:
        again = mails.update().where(mails.c.id == id).values(sent_at=None)
        await tx.execute(again)
    await let_run_out(database, address)
    assert await send(database, mailbox.postbox, id) is Outcome.NOTHING


async def test_a_mail_sent_twice_by_a_dying_worker_has_two_codes_for_one_use(
    database, send, mailbox, member
):
    address = address_of(member)
    first = await mailbox.code(address, VERIFYING)
    async with database.begin() as tx:
        await tx.execute(mails.update().where(mails.c.email == address).values(sent_at=None))
    second = await mailbox.code(address, VERIFYING)
    async with database.connect() as connection:
        made = select(mail_codes.c.code_hash).join(mails).where(mails.c.email == address)
        assert len((await connection.execute(made)).all()) == 2

    data, _ = await send(VERIFY, code=first)
    assert data["verifyEmail"]["errors"] == []
    data, _ = await send(VERIFY, code=second)
    assert data["verifyEmail"]["errors"] == [GONE]


LETTER = Letter(MailKind.RESET_PASSWORD, "ann@example.org", "ann", "the-code")
LETTERS = Letters("PicShare <no-reply@example.org>", "")


class Received:
    """A server's side: what came, and what is refused."""

    def __init__(self):
        self.envelopes = []
        self.refuse = ""

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        is_encrypted = server.transport.get_extra_info("sslcontext") is not None
        self.envelopes.append((is_encrypted, envelope))
        return "250 OK"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for localhost, and the context that trusts it."""
    directory = tmp_path_factory.mktemp("tls")
    key, pem = directory / "key.pem", directory / "cert.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", str(key), "-out", str(pem)),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(pem, key)
    return serving, ssl.create_default_context(cafile=str(pem))


@pytest_asyncio.fixture
async def smtp(certificate):
    """Starts an SMTP server: `await smtp("smtps")` answers its postbox and what it received."""
    started = []

    def is_right(_server, _session, _envelope, _mechanism, data):
        return AuthResult(success=(data.login, data.password) == (b"us@er", b"p/w:d"))

    async def smtp(scheme, **options):
        serving, trusting = certificate
        received = Received()
        tls = {"tls_context": serving, "require_starttls": True} if scheme == "smtp" else {}

        def speaking():
            return SMTP(
                received,
                hostname="localhost",
                auth_require_tls=scheme == "smtp",
                authenticator=is_right,
                **tls,
                **options,
            )

        wrapped = serving if scheme == "smtps" else None
        server = await asyncio.get_running_loop().create_server(
            speaking, "localhost", 0, family=socket.AF_INET, ssl=wrapped
        )
        started.append(server)
        port = server.sockets[0].getsockname()[1]
        return Smtp(f"{scheme}://us%40er:p%2Fw%3Ad@localhost:{port}", LETTERS, trusting), received

    yield smtp
    for server in started:
        server.close()


@pytest.mark.parametrize("scheme", ["smtps", "smtp", "smtp+plain"])
async def test_a_mail_goes_to_a_server(smtp, scheme):
    postbox, received = await smtp(scheme)
    await postbox.deliver(LETTER)

    ((was_encrypted, envelope),) = received.envelopes
    assert was_encrypted is (scheme != "smtp+plain")
    assert envelope.rcpt_tos == ["ann@example.org"]
    assert envelope.mail_from == "no-reply@example.org"
    assert b"the-code" in envelope.content


@pytest.mark.parametrize("scheme", ["smtps", "smtp"])
async def test_a_server_that_nobody_vouches_for_gets_nothing(smtp, scheme):
    postbox, received = await smtp(scheme)
    with pytest.raises(NotDelivered, match="SSLCertVerificationError"):
        await replace(postbox, authority=None).deliver(LETTER)

    assert received.envelopes == []


async def test_a_server_without_starttls_gets_nothing(smtp):
    postbox, received = await smtp("smtp+plain")
    with pytest.raises(NotDelivered):
        await replace(postbox, url=postbox.url.replace("smtp+plain", "smtp")).deliver(LETTER)

    assert received.envelopes == []


@pytest.mark.parametrize(
    ("refusal", "is_final"), [("550 No such user", True), ("451 Later", False)]
)
async def test_a_refused_address_is_given_up_only_for_good(smtp, refusal, is_final):
    postbox, received = await smtp("smtp+plain")
    received.refuse = refusal
    with pytest.raises(NotDelivered) as caught:
        await postbox.deliver(LETTER)

    assert caught.value.is_final is is_final
    assert "ann@" not in str(caught.value)


async def test_a_wrong_password_or_nobody_there_is_tried_again(smtp):
    postbox, _ = await smtp("smtp+plain")
    wrong = replace(postbox, url=postbox.url.replace("p%2Fw%3Ad", "wrong"))
    nobody = replace(postbox, url=f"smtp+plain://127.0.0.1:{free_port()}")
    for box in (wrong, nobody):
        with pytest.raises(NotDelivered) as caught:
            await box.deliver(LETTER)
        assert not caught.value.is_final
        assert "wrong" not in str(caught.value)


async def test_what_became_of_a_mail_is_what_becomes_of_its_job(database, smtp, member):
    postbox, received = await smtp("smtp+plain")
    async with database.connect() as connection:
        (id,) = (
            await connection.execute(select(mails.c.id).where(mails.c.email == address_of(member)))
        ).scalars()
    received.refuse = "451 Later"
    assert await send(database, postbox, id) is Outcome.AGAIN
    received.refuse = "550 No such user"
    assert await send(database, postbox, id) is Outcome.NEVER
    received.refuse = ""
    assert await send(database, postbox, id) is Outcome.DONE
    assert await send(database, postbox, id) is Outcome.NOTHING
    assert len(received.envelopes) == 1


@pytest.mark.parametrize(
    "address", ["a\nBcc: all@example.org", "é@bücher.example", "a@b, c@d", "a,b@c.d", "<a@b>", "a"]
)
async def test_no_address_adds_readers_or_headers(tmp_path, smtp, address):
    postbox, received = await smtp("smtp+plain", enable_SMTPUTF8=True)
    letter = replace(LETTER, email=address)
    for box in (postbox, Folder(tmp_path, LETTERS, is_told=False)):
        with pytest.raises(NotDelivered) as caught:
            await box.deliver(letter)
        assert caught.value.is_final
    assert received.envelopes == []
    assert list(tmp_path.iterdir()) == []


async def test_a_developer_is_told_of_each_mail_on_one_line(tmp_path, capsys):
    await Folder(tmp_path, LETTERS, is_told=True).deliver(LETTER)

    assert capsys.readouterr().out == "Mail to ann@example.org: Reset your password the-code\n"
    (path,) = tmp_path.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
