import subprocess
import sys

import pytest

from server.cli.main import app
from tests.cli.conftest import Picshare

VERBS = [command.name or command.callback.__name__ for command in app.registered_commands]


def test_the_verbs():
    assert {"dev", "serve", "work", "migrate", "schema"} <= set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_explains_itself(picshare: Picshare, verb: str):
    result = picshare(verb, "--help")

    assert result.exit_code == 0
    assert f"picshare {verb} " in result.output


def test_without_a_verb_it_lists_them(picshare: Picshare):
    assert all(verb in picshare("--help").output for verb in VERBS)


def test_an_unknown_verb_is_refused(picshare: Picshare):
    result = picshare("fly")

    assert result.exit_code == 2
    assert "No such command 'fly'" in result.stderr


def test_help_loads_no_part_of_the_server():
    code = (
        "import sys; from server.cli.main import app; app(['--help'], standalone_mode=False);"
        "print(sorted({'pydantic', 'sqlalchemy', 'strawberry', 'rich'} & set(sys.modules)))"
    )

    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    ).stdout

    assert printed.splitlines()[-1] == "[]"
