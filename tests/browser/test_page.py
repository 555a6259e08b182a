"""The GraphiQL page in a real browser."""

import json
from secrets import token_hex

import pytest

EDITORS = "document.querySelectorAll('.graphiql-editor-tool .CodeMirror')"
RESULT = "document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue()"
SIGNED_OUT = {"data": {"viewer": None}}


@pytest.fixture
async def page(api, tab):
    """GraphiQL, with the documentation of the schema loaded."""
    await tab.tell("Page.navigate", url=f"{api.url}/graphql")
    await tab.until("document.querySelector('.result-window .CodeMirror')")
    await tab.until("!document.querySelector('[aria-label^=Re-fetch]').disabled")
    return tab


async def click(page, selector):
    await page.until(f"document.querySelector({json.dumps(selector)})")
    await page.run(f"document.querySelector({json.dumps(selector)}).click()")


async def answer_to(page, example, variables=None):
    """Open an example, press the execute button, and read the result pane."""
    entries = "[...document.querySelectorAll('.tour .name')]"
    await page.run(f"{entries}.find(entry => entry.textContent === '{example}').click()")
    tab = "document.querySelector('.graphiql-tab-active .graphiql-tab-button')?.textContent"
    await page.until(f"{tab} === '{example}'")
    if variables:
        await page.run(f"{EDITORS}[0].CodeMirror.setValue({json.dumps(json.dumps(variables))})")
    await page.run("document.querySelector('.result-window .CodeMirror').CodeMirror.setValue('')")
    await click(page, ".graphiql-execute-button")
    await page.until(RESULT)
    return json.loads(await page.run(RESULT))


async def sign_up(page):
    """The name of a new account that the page is signed in to."""
    name = f"u{token_hex(6)}"
    account = {"username": name, "email": f"{name}@example.com", "password": token_hex(16)}
    answer = await answer_to(page, "SignUp", {"input": account})
    assert answer["data"]["signUp"]["errors"] == []
    return name


def addresses(page):
    sent = [event["request"]["url"] for event in page.reported("Network.requestWillBeSent")]
    sockets = [event["url"] for event in page.reported("Network.webSocketCreated")]
    return [url for url in sent + sockets if not url.startswith(("data:", "blob:"))]


async def test_an_example_runs_and_its_answer_is_shown(page):
    assert await page.run("document.title") == "PicShare API"
    assert await answer_to(page, "WhoAmI") == SIGNED_OUT


async def test_the_page_asks_nobody_but_its_own_server(page, api):
    await answer_to(page, "WhoAmI")

    assert [url for url in addresses(page) if not url.startswith(api.url + "/")] == []
    assert page.complaints() == []


async def test_it_opens_with_an_operation_that_can_be_run(page):
    await click(page, ".graphiql-execute-button")
    await page.until(RESULT)

    answer = json.loads(await page.run(RESULT))

    assert "errors" not in answer
    assert isinstance(answer["data"]["photos"]["edges"], list)


async def test_the_documentation_lists_the_schema(page):
    await click(page, "[aria-label='Show Documentation Explorer']")
    await click(page, ".graphiql-doc-explorer-content a.graphiql-doc-explorer-type-name")

    await page.until(
        "document.querySelector('.graphiql-doc-explorer-content').textContent.includes('viewer')"
    )


async def test_history_keeps_what_was_run(page):
    await answer_to(page, "WhoAmI")
    await click(page, "[aria-label='Show History']")

    await page.until(
        "document.querySelector('.graphiql-history-item-label')?.textContent === 'WhoAmI'"
    )


async def test_the_query_explorer_shows_the_fields(page):
    await click(page, "[aria-label='Show GraphiQL Explorer']")

    await page.until(
        "document.querySelector('.graphiql-explorer-root')?.textContent.includes('viewer')"
    )


async def test_the_headers_editor_waits_for_a_token(page):
    await click(page, "[data-name=headers]")

    headers = await page.run(f"{EDITORS}[1].CodeMirror.getValue()")

    assert json.loads(headers) == {"Authorization": "Bearer "}


async def test_signing_up_signs_in_until_signing_out(page):
    name = await sign_up(page)
    await page.until(f"document.querySelector('.session').textContent.includes('{name}')")
    assert (await answer_to(page, "WhoAmI"))["data"]["viewer"]["username"] == name

    await click(page, ".session button")
    await page.until("document.querySelector('.session').textContent === 'Not signed in'")

    assert await answer_to(page, "WhoAmI") == SIGNED_OUT


async def test_a_typed_token_comes_before_the_session(page):
    await sign_up(page)
    await answer_to(page, "WhoAmI")
    typed = json.dumps({"authorization": "Bearer of-somebody-else"})
    await page.run(f"{EDITORS}[1].CodeMirror.setValue({json.dumps(typed)})")

    await answer_to(page, "WhoAmI")

    headers = page.reported("Network.requestWillBeSent")[-1]["request"]["headers"]
    sent = [value for name, value in headers.items() if name.lower() == "authorization"]
    assert sent == ["Bearer of-somebody-else"]
