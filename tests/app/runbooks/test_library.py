"""Which runbooks a folder has, and what is read of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.runbooks.library import Library
from app.runbooks.markup import Values, queries_of, render

if TYPE_CHECKING:
    from pathlib import Path


def test_pages_are_listed_and_read(folder: Path) -> None:
    library = Library(folder)
    assert library.names() == ["CacheDown", "DatabaseDown", "disaster/region-lost", "queries"]
    page = library.read("DatabaseDown")
    assert page is not None
    assert page.title == "DatabaseDown"
    assert page.opening == "The server `postgres` is *away*."
    assert page.front["severity"] == "critical"


@pytest.mark.parametrize("name", ["README", "_template", "../secret", "disaster", "", "."])
def test_nothing_else_is_read(name: str, folder: Path) -> None:
    assert Library(folder).read(name) is None


def test_a_name_with_a_slip_of_the_finger_is_near(folder: Path) -> None:
    assert Library(folder).near("databasedonw") == ["DatabaseDown"]
    assert Library(folder).near("x" * 100_000) == []


@pytest.mark.parametrize(
    "source", ["# Text\n", "---\na: [\n---\n# Text\n", "---\n- a\n---\n# Text\n", "\ufeff# Text\n"]
)
def test_a_page_with_broken_front_matter_is_still_shown(source: str, folder: Path) -> None:
    (folder / "Broken.md").write_text(source)
    page = Library(folder).read("Broken")
    assert page is not None
    assert page.front == {}
    assert "Text" in page.text


def test_bytes_that_are_no_text_and_unreadable_files_are_survived(folder: Path) -> None:
    (folder / "Bytes.md").write_bytes(b"# \xff\n")
    page = Library(folder).read("Bytes")
    assert page is not None
    (folder / "Folder.md").mkdir()
    (folder / "Gone.md").symlink_to(folder / "gone")
    assert {"Folder", "Gone"}.isdisjoint(Library(folder).names())


def test_a_missing_folder_has_no_pages(tmp_path: Path) -> None:
    library = Library(tmp_path / "nowhere")
    assert not library.present
    assert library.names() == []


def test_markup_of_a_page_is_text_and_links_of_files_lead_to_pages() -> None:
    source = (
        '<script>alert(1)</script> [a](CacheDown.md#fix) [b](https://x.example/y.md "<t>")\n\n'
        "[c](javascript:alert(1)) [d](../CacheDown.md)\n"
    )
    page = render(source, Values())
    assert "<script" not in page
    assert 'href="CacheDown#fix"' in page
    assert 'href="https://x.example/y.md"' in page
    assert 'href="../CacheDown"' in page
    assert 'href="javascript' not in page


def test_queries_inside_lists_are_found_and_others_are_not() -> None:
    source = "1. Look.\n\n   ```promql\n   up\n   ```\n\n```sh\nls\n```\n\n```promql\n1\n```\n"
    assert queries_of(source) == ["up", "1"]
