"""The site as it is built: every link leads somewhere, and nothing is asked of the network."""

from __future__ import annotations

import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from conftest import CHECKOUT, DOCS

from nba_pipeline.tables import REGISTRY
from nba_pipeline_docs.__main__ import write

pytest.importorskip("zensical", reason="the site needs the extra docs: pip install -e '.[docs]'")


class _Page(HTMLParser):
    """What a page links to, what it loads, and what can be linked to in it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.loaded: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if "id" in told:
            self.anchors.add(told["id"])
        if tag == "a" and "href" in told:
            self.links.add(told["href"])
        elif tag == "link" and told.get("rel") != "canonical":
            self.loaded.add(told.get("href", ""))
        elif "src" in told:
            self.loaded.add(told["src"])


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site's sources in a folder of their own, the reference written into it."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(DOCS, folder / "docs", ignore=shutil.ignore_patterns("reference"))
    shutil.copytree(CHECKOUT / "docs_theme", folder / "docs_theme")
    shutil.copy(CHECKOUT / "zensical.toml", folder)
    write(folder / "docs" / "reference")
    return folder


def build(project: Path) -> subprocess.CompletedProcess[str]:
    """Build it as ``scripts/docs`` does: a warning is an error."""
    program = Path(sys.executable).with_name("zensical")
    return subprocess.run(
        [str(program), "build", "--clean", "--strict"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def site(project: Path) -> dict[Path, _Page]:
    """Every page of the built site."""
    told = build(project)
    assert told.returncode == 0, told.stdout + told.stderr
    folder = project / "site"
    return {path: _Page(path) for path in sorted(folder.rglob("*.html"))}


def test_every_page_there_is_a_source_of_is_built(site: dict[Path, _Page], project: Path) -> None:
    docs = project / "docs"
    sources = {path.relative_to(docs).with_suffix(".html") for path in docs.rglob("*.md")}
    assert sources == {path.relative_to(project / "site") for path in site} - {Path("404.html")}


def test_every_link_and_every_anchor_leads_somewhere(site: dict[Path, _Page]) -> None:
    broken = []
    for path, page in site.items():
        for link in page.links | page.loaded:
            told = urlsplit(link)
            if told.scheme or not (told.path or told.fragment) or path.name == "404.html":
                continue
            target = (path.parent / unquote(told.path)).resolve() if told.path else path
            if not target.is_file() or (
                told.fragment and target in site and told.fragment not in site[target].anchors
            ):
                broken.append((path.name, link))
    assert broken == []


def test_every_page_can_be_reached_from_the_first(site: dict[Path, _Page], project: Path) -> None:
    seen: set[Path] = set()
    waiting = [project / "site" / "index.html"]
    while waiting:
        path = waiting.pop()
        if path in seen or path not in site:
            continue
        seen.add(path)
        paths = (urlsplit(link) for link in site[path].links)
        waiting += [(path.parent / told.path).resolve() for told in paths if not told.scheme]
    assert {path.name for path in set(site) - seen} == {"404.html"}


def test_a_page_loads_nothing_from_elsewhere(site: dict[Path, _Page]) -> None:
    assert {
        (path.name, link)
        for path, page in site.items()
        for link in page.loaded
        if urlsplit(link).netloc
    } == set()


def test_every_box_of_the_graph_is_a_table_s_page(site: dict[Path, _Page], project: Path) -> None:
    page = site[project / "site" / "reference" / "graph.html"]
    assert {f"tables/{name}.html" for name in REGISTRY} <= page.links


@pytest.mark.parametrize(
    "mistake", ["[nowhere](nowhere.md)", "[no anchor](index.md#no-such-heading)"]
)
def test_a_broken_link_breaks_the_build(mistake: str, tmp_path: Path) -> None:
    shutil.copytree(CHECKOUT / "docs_theme", tmp_path / "docs_theme")
    shutil.copy(CHECKOUT / "zensical.toml", tmp_path)
    styles = tmp_path / "docs" / "stylesheets"
    shutil.copytree(DOCS / "stylesheets", styles)
    page = tmp_path / "docs" / "index.md"
    page.write_text("# A page\n")
    assert build(tmp_path).returncode == 0
    page.write_text(f"# A page\n\n{mistake}\n")
    assert build(tmp_path).returncode != 0
