"""Access tokens: only what this server wrote is read; refresh tokens: random, then derived."""

import base64
import hashlib
import hmac
import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt
import pytest

from server.auth.tokens import BadToken, Tokens
from storage.rows import SessionId, SessionRow, UserId

SECRET = "a secret of at least 32 characters"
SESSION = SessionRow(SessionId(UUID(int=7)), UserId(UUID(int=8)))
TTL = timedelta(minutes=15)


def tokens(secret=SECRET, **more):
    return Tokens(secret, access_ttl=TTL, **more)


def part(value):
    raw = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def key(secret=SECRET, purpose=b"picshare access token"):
    return hmac.digest(secret.encode(), purpose, "sha256")


def signed(header, claims, secret=None, digest="sha256"):
    text = f"{part(header)}.{part(claims)}"
    signature = hmac.digest(key() if secret is None else secret, text.encode(), digest)
    return f"{text}.{part(signature)}"


GOOD, _ = tokens().access(SESSION)
HEADER = jwt.get_unverified_header(GOOD)
CLAIMS = jwt.decode(GOOD, options={"verify_signature": False})


def claims(**changed):
    return {name: value for name, value in {**CLAIMS, **changed}.items() if value is not None}


def header(**more):
    return signed({**HEADER, **more}, CLAIMS)


def raw_claims(text):
    return signed(HEADER, text.encode())


head, body, signature = GOOD.split(".")

FORGED = {
    "nothing": "",
    "dots": "..",
    "words": "let me in",
    "not base64": "!.!.!",
    "one part": head,
    "two parts": f"{head}.{body}",
    "four parts": f"{GOOD}.{signature}",
    "a refresh token": tokens().first_refresh(),
    "algorithm none": f"{part({**HEADER, 'alg': 'none'})}.{body}.",
    "algorithm None": f"{part({**HEADER, 'alg': 'None'})}.{body}.",
    "algorithm none, signed": header(alg="none"),
    "algorithm null": header(alg=None),
    "no algorithm": signed({"typ": "at+jwt"}, CLAIMS),
    "algorithm HS512": signed({**HEADER, "alg": "HS512"}, CLAIMS, digest="sha512"),
    "algorithm RS256": header(alg="RS256"),
    "algorithm hs256": header(alg="hs256"),
    "empty signature": f"{head}.{body}.",
    "cut signature": GOOD[:-2],
    "another signature": f"{head}.{body}.{part(bytes(32))}",
    "another key": tokens("another secret, also 32 characters").access(SESSION)[0],
    "an empty key": signed(HEADER, CLAIMS, b"\0"),
    "the bare secret as key": signed(HEADER, CLAIMS, SECRET.encode()),
    "the refresh key": signed(HEADER, CLAIMS, key(purpose=b"picshare refresh token")),
    "kid, a path": header(kid="../../dev/null"),
    "kid, SQL": header(kid="' union select 'key"),
    "kid, an address": header(kid="http://127.0.0.1/key"),
    "jku": header(jku="http://127.0.0.1/keys"),
    "jwk": header(jwk={"kty": "oct", "k": part(b"key")}),
    "x5u": header(x5u="http://127.0.0.1/certificate"),
    "crit": header(crit=["exp"]),
    "crit b64": header(crit=["b64"], b64=False),
    "another typ": header(typ="JWT"),
    "no exp": signed(HEADER, claims(exp=None)),
    "no iat": signed(HEADER, claims(iat=None)),
    "no iss": signed(HEADER, claims(iss=None)),
    "no aud": signed(HEADER, claims(aud=None)),
    "no sub": signed(HEADER, claims(sub=None)),
    "no sid": signed(HEADER, claims(sid=None)),
    "exp over": signed(HEADER, claims(exp=CLAIMS["iat"] - 1)),
    "exp a string": signed(HEADER, claims(exp=str(CLAIMS["exp"]))),
    "exp a fraction": signed(HEADER, claims(exp=CLAIMS["exp"] + 0.5)),
    "exp a boolean": signed(HEADER, claims(exp=True)),
    "exp for ever": raw_claims(json.dumps(claims(exp=float("inf")))),
    "exp not a number": raw_claims(json.dumps(claims(exp=float("nan")))),
    "exp an object": signed(HEADER, claims(exp={})),
    "iat a string": signed(HEADER, claims(iat="now")),
    "nbf in future": signed(HEADER, claims(nbf=CLAIMS["exp"])),
    "iss of others": signed(HEADER, claims(iss="elsewhere")),
    "iss a list": signed(HEADER, claims(iss=[CLAIMS["iss"]])),
    "aud of others": signed(HEADER, claims(aud="elsewhere")),
    "aud a list": signed(HEADER, claims(aud=[CLAIMS["aud"]])),
    "sub a number": signed(HEADER, claims(sub=8)),
    "sub no id": signed(HEADER, claims(sub="admin")),
    "sid a number": signed(HEADER, claims(sid=7)),
    "sid no id": signed(HEADER, claims(sid="' or 1=1")),
    "one claim more": signed(HEADER, claims(role="admin")),
    "a claim twice": raw_claims(f'{{"sub":"{UUID(int=9).hex}",{json.dumps(claims())[1:]}'),
    "spaces between": raw_claims(json.dumps(claims())),
    "claims a list": signed(HEADER, [CLAIMS]),
    "claims nested deep": raw_claims("[" * 300 + "]" * 300),
    "padding": f"{head}.{body}.{signature}=",
    "a line end": f"{GOOD}\n",
    "letters that look alike": GOOD.replace("e", "\N{CYRILLIC SMALL LETTER IE}"),
    "a lone surrogate": f"{GOOD}\ud800",
    "1 MB": GOOD + "A" * 1_000_000,
    "1 MB of dots": "." * 1_000_000,
}


@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED.keys())
def test_a_forged_token_is_refused(token):
    with pytest.raises(BadToken):
        tokens().session(token)


def test_the_table_of_forgeries_is_made_by_a_hand_that_can_write_good_ones():
    assert tokens().session(signed(HEADER, CLAIMS)) == SESSION


def test_an_access_token_is_read_by_every_process_with_the_secret():
    assert tokens().session(GOOD) == SESSION


def test_an_access_token_says_when_it_ends():
    at = datetime.now(UTC).replace(microsecond=900_000)
    token, expires_at = tokens(clock=lambda: at).access(SESSION)

    assert expires_at == at.replace(microsecond=0) + TTL
    assert jwt.decode(token, options={"verify_signature": False})["exp"] == expires_at.timestamp()


def test_an_access_token_that_ran_out_says_so():
    long_ago = datetime.now(UTC) - TTL
    token, _ = tokens(clock=lambda: long_ago).access(SESSION)

    with pytest.raises(BadToken, match="expired; refresh"):
        tokens().session(token)


def test_a_token_of_a_process_whose_clock_runs_ahead_is_good():
    soon = datetime.now(UTC) + timedelta(seconds=30)
    token, _ = tokens(clock=lambda: soon).access(SESSION)

    assert tokens().session(token) == SESSION


def test_a_long_token_is_refused_before_anything_is_computed(monkeypatch):
    monkeypatch.setattr(jwt, "decode", lambda *_, **__: pytest.fail("it was decoded"))

    with pytest.raises(BadToken):
        tokens().session(GOOD + "A" * 1_000_000)


def test_refresh_tokens_are_random_and_of_256_bits():
    signing, count = tokens(), 100_000
    made = [signing.first_refresh() for _ in range(count)]

    assert all(re.fullmatch(r"psr_[A-Za-z0-9_-]{43}", token) for token in made)
    raw = [base64.urlsafe_b64decode(f"{token[4:]}=") for token in made]
    assert len({token[:16] for token in raw}) == len({token[16:] for token in raw}) == count
    # 3.2 million throws of a die with 256 sides: no side lies six standard deviations off.
    each = count * 32 / 256
    assert all(abs(found - each) < 6 * each**0.5 for found in Counter(b"".join(raw)).values())


def test_a_refresh_token_has_one_successor():
    first = tokens().first_refresh()
    second = tokens().next_refresh(first)

    assert second == tokens().next_refresh(first)
    assert second not in {first, tokens().next_refresh(second)}


def test_the_successor_cannot_be_computed_without_the_secret():
    first = tokens().first_refresh()

    assert tokens().next_refresh(first) != tokens(
        "another secret, also 32 characters"
    ).next_refresh(first)
    plain = base64.urlsafe_b64encode(hashlib.sha256(first.encode()).digest()).rstrip(b"=").decode()
    assert tokens().next_refresh(first) != f"psr_{plain}"


def test_the_two_kinds_of_tokens_have_two_keys():
    first = tokens().first_refresh()
    by_access_key = hmac.digest(key(), first.encode(), "sha256")

    assert tokens().next_refresh(first) != f"psr_{part(by_access_key)}"


@pytest.mark.parametrize(
    "text",
    ["", "psr_", GOOD, "psr_" + "A" * 42, "psr_" + "é" * 43, "psr_" + "A" * 1_000_000, "\ud800"],
)
def test_what_has_not_the_form_of_a_refresh_token_has_no_successor(text):
    assert tokens().next_refresh(text) is None
