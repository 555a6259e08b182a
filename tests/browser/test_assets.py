"""What the server hands out for the GraphiQL page, asked without a browser."""

import re

import httpx
import pytest
from graphql import parse

from server import graphiql

needs_modules = pytest.mark.skipif(graphiql.missing() is not None, reason=str(graphiql.missing()))


@pytest.fixture
async def client(client):
    """The application, asked as a browser asks."""
    html = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    async with httpx.AsyncClient(
        transport=client._transport, base_url="http://picshare", headers=html
    ) as browser:
        yield browser


@needs_modules
async def test_every_file_of_the_page_is_served_with_its_type(client):
    html = (await client.get("/graphql")).text
    addresses = re.findall(r'(?:href|src)="([^"]+)"', html)

    answers = [await client.get(address) for address in addresses]

    assert len(addresses) == 9
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.headers["x-content-type-options"] for answer in answers} == {"nosniff"}
    assert {answer.headers["content-type"].split(";")[0] for answer in answers} == {
        "text/css",
        "text/javascript",
        "image/svg+xml",
    }


@needs_modules
async def test_only_files_with_a_version_in_their_address_are_kept_for_ever(client):
    html = (await client.get("/graphql")).text
    addresses = re.findall(r'(?:href|src)="([^"]+)"', html)

    kept = [a for a in addresses if "immutable" in (await client.get(a)).headers["cache-control"]]

    assert kept == [address for address in addresses if re.search(r"@\d+\.\d+\.\d+/", address)]


@needs_modules
async def test_the_policy_forbids_foreign_and_inline_scripts(client):
    answer = await client.get("/graphql")

    policy = answer.headers["content-security-policy"].split("; ")
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "connect-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert re.findall(r"<script(?![^>]* src=)", answer.text) == []


@pytest.mark.parametrize(
    "path",
    [
        "package.json",
        "__init__.py",
        "graphiql@3.8.3/package.json",
        "../settings.py",
        "page.html",
        "",
    ],
)
async def test_nothing_else_of_the_folder_is_served(client, path):
    assert (await client.get(f"/graphiql/{path}")).status_code == 404


async def test_the_page_says_what_is_missing(client, monkeypatch, tmp_path):
    monkeypatch.setattr(graphiql, "_MODULES", tmp_path / "<absent>")

    answer = await client.get("/graphql")

    assert answer.status_code == 404
    assert "\n" not in graphiql.missing()
    assert "make setup" in answer.text
    assert "&lt;absent&gt;" in answer.text
    assert "<script" not in answer.text


async def test_the_examples_are_handed_out_in_order(client):
    listed = (await client.get("/graphiql/examples.json")).json()

    assert [example["name"] for example in listed][:3] == ["NewestPhotos", "SignUp", "LogIn"]
    assert listed[1]["kind"] == "mutation"
    assert [each["summary"] for each in listed if each["name"] == "WhoAmI"] == [
        "The signed-in user, or null."
    ]


@pytest.mark.parametrize("example", graphiql.examples(), ids=lambda example: example.name)
def test_an_example_is_one_operation_with_a_comment_and_its_variables(example):
    (operation,) = parse(example.document).definitions

    assert operation.name.value == example.name
    assert example.document.startswith("# ")
    assert example.summary.endswith(".")
    declared = {
        definition.variable.name.value for definition in operation.variable_definitions or ()
    }
    assert declared == set(example.variables)
