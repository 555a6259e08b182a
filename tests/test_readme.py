"""The README says what is true."""

from pathlib import Path

from server.settings import table

ROOT = Path(__file__).parents[1]


def test_the_table_of_settings_is_the_printed_one():
    assert table() in (ROOT / "README.md").read_text(), "put in what `picshare settings` prints"


def test_every_link_into_the_project_leads_somewhere():
    pages = [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]
    for page in pages:
        for part in page.read_text().split("](")[1:]:
            target = part.partition(")")[0]
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"
