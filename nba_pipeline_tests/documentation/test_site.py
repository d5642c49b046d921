"""The site as it is built: every link leads somewhere, and nothing is asked of the network.

Pages are opened from a folder in Debian's chromium, too; pictures of them are kept in
``test-artefacts``.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
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


# In a browser, from a folder, without a network ---------------------------------------------------

PICTURES = CHECKOUT / "test-artefacts"
DESK, PHONE = (1400, 1000), (400, 850)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    chromium, driver_path = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver_path):
        pytest.skip("no browser: install the Debian packages chromium and chromium-driver")
    selenium = pytest.importorskip("selenium.webdriver", reason="no selenium to drive the browser")
    options = selenium.ChromeOptions()
    options.binary_location = chromium
    for flag in ("headless=new", "no-sandbox", "disable-dev-shm-usage"):
        options.add_argument(f"--{flag}")
    driver = selenium.Chrome(options=options, service=selenium.ChromeService(driver_path))
    driver.execute_cdp_cmd("Network.enable", {})
    driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["http://*", "https://*"]})
    try:
        yield driver
    finally:
        driver.quit()


def _look(browser: Any, page: Path, size: tuple[int, int], scheme: str) -> None:
    width, height = size
    screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    wanted = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", wanted)
    browser.get(page.as_uri())


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (PHONE, "dark")])
@pytest.mark.parametrize(
    "name", ["index", "tutorial/index", "reference/graph", "reference/tables/player_daily_cache"]
)
@pytest.mark.usefixtures("site")
def test_a_page_fits_a_desk_and_a_phone_by_day_and_by_night(
    project: Path, browser: Any, name: str, size: tuple[int, int], scheme: str
) -> None:
    _look(browser, project / "site" / f"{name}.html", size, scheme)
    PICTURES.mkdir(exist_ok=True)
    picture = f"docs-{name.replace('/', '-')}-{'phone' if size == PHONE else 'desk'}.png"
    assert browser.save_screenshot(str(PICTURES / picture))
    wide, paper = browser.execute_script(
        "return [document.documentElement.scrollWidth,"
        " getComputedStyle(document.body).backgroundColor]"
    )
    assert wide <= size[0], "the whole page scrolls sideways"
    brightness = max(int(part) for part in re.findall(r"\d+", paper)[:3])
    assert (brightness > 128) is (scheme == "light")


@pytest.mark.usefixtures("site")
def test_the_site_is_searched_without_a_server(project: Path, browser: Any) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    _look(browser, project / "site" / "index.html", DESK, "light")
    # The search stands in a shadow tree, which has the focus once it is open.
    inside = "document.activeElement.shadowRoot"
    press = (
        "const pressed = new KeyboardEvent('keydown', {key: 'k', ctrlKey: true, bubbles: true});"
        f"{inside} || document.dispatchEvent(pressed); return {inside} !== null"
    )
    WebDriverWait(browser, 30).until(lambda b: b.execute_script(press))
    browser.switch_to.active_element.send_keys("free throw")
    links = f"return [...{inside}.querySelectorAll('a')].map(link => link.href).join(' ')"
    WebDriverWait(browser, 30).until(
        lambda b: "tutorial/index.html" in b.execute_script(links), "the tutorial is not found"
    )
