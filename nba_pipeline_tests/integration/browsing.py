"""A headless Chromium, and what a person does in it with Dagster's own pages.

Needs Debian's chromium and chromium-driver. Pictures of what was seen are kept in
``test-artefacts``, or where ``NBA_TEST_ARTIFACTS`` says.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from serving import CHECKOUT, PAGE_SECONDS, Server, wait

PICTURES = Path(os.environ.get("NBA_TEST_ARTIFACTS") or CHECKOUT / "test-artefacts")

# What a page says while it is still asking the server.
_UNFINISHED = ("Loading", "fetching statuses")
# What stands for a picture among a materialization's metadata.
_PLOT = "//*[text()='[Show Markdown]']"
# Where partitions are typed in; pages have such a field of their own.
_CHOOSER = "[role=dialog] input[placeholder^='ex:']"


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser's driver."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    driver_path = shutil.which("chromedriver")
    if not (program and driver_path):
        pytest.skip("no browser: install the Debian packages chromium and chromium-driver")
    selenium = pytest.importorskip("selenium.webdriver", reason="no selenium to drive the browser")
    options = selenium.ChromeOptions()
    options.binary_location = program
    for flag in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "window-size=1600,1200"):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = selenium.Chrome(options=options, service=selenium.ChromeService(driver_path))
    try:
        yield driver
    finally:
        driver.quit()


def picture(driver: Any, name: str) -> None:
    """Keep a picture of what is to be seen."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    assert driver.save_screenshot(str(PICTURES / f"{name}.png"))


@dataclass(frozen=True)
class Browser:
    """Looks at a server's pages."""

    driver: Any
    server: Server

    def open(self, path: str, *texts: str) -> str:
        """The visible text of a page, once all of ``texts`` stand there."""
        self.driver.get(self.server.url + path)
        return self.reads(*texts)

    def reads(self, *texts: str) -> str:
        """The visible text, once all of ``texts`` stand there."""

        def whole() -> str:
            text = str(self.driver.find_element("tag name", "body").text)
            unfinished = any(word in text for word in _UNFINISHED)
            return text if all(wanted in text for wanted in texts) and not unfinished else ""

        try:
            return str(wait(whole, PAGE_SECONDS, f"{texts} at {self.driver.current_url}"))
        except pytest.fail.Exception:
            picture(self.driver, "not_as_expected")
            raise

    def click(self, text: str, kind: str = "*") -> None:
        """Click the first thing that says exactly this, once it is there to be clicked."""
        says = f"{kind}[normalize-space()='{text}']"
        self._clicked(f"//{says}[not(.//{says})]", text)

    def zoom_in_until(self, text: str) -> str:
        """The visible text of a graph, once its boxes are large enough to say something."""

        def read() -> str:
            seen = str(self.driver.find_element("tag name", "body").text)
            if text in seen:
                return seen
            self._clicked("//button[.//*[@aria-label='zoom_in']]", "zoom in")
            return ""

        return str(wait(read, PAGE_SECONDS, f"{text!r} at {self.driver.current_url}"))

    def plots(self) -> list[str]:
        """What each plot of this page's metadata calls itself, after looking at every one."""
        said = []
        for place in range(len(self.driver.find_elements("xpath", _PLOT))):
            self._clicked(f"({_PLOT})[{place + 1}]", "a plot")
            (image,) = wait(self._drawn, PAGE_SECONDS, f"a plot at {self.driver.current_url}")
            picture(self.driver, f"plot_{place + 1}")
            assert image["drawn"] == image["shown"] > 0
            said.append(image["alt"])
            self.click("Close", "button")
            wait(lambda: not self._drawn(), PAGE_SECONDS, "the plot to close")
        return said

    def _drawn(self) -> list[dict[str, Any]]:
        """Pictures that have arrived and have been decoded.

        Asked in one go: the page draws itself anew, and then an image of before is none any more.
        """
        found: list[dict[str, Any]] = self.driver.execute_script(
            """
            const images = [...document.querySelectorAll("img[src^='data:image/png']")];
            return images
                .filter((image) => image.naturalWidth)
                .map((image) => ({
                    drawn: image.naturalWidth, shown: image.width, alt: image.alt,
                }));
            """
        )
        return found

    def materialize(self, button: str, days: list[date], name: str) -> None:
        """Open the dialog behind a button of this page, choose days in it and launch.

        Args:
            button: What the button says.
            days: One day, or several in a row.
            name: Of the picture of the dialog.
        """
        from selenium.webdriver.common.keys import Keys

        self.click(button, "button")
        self._show_all_partitions()
        (field,) = self._chooser()
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(*(str(days[0]) if len(days) == 1 else f"[{days[0]}...{days[-1]}]"))
        field.send_keys(Keys.ENTER)
        count = (days[-1] - days[0]).days + 1
        self.reads("1 partition" if count == 1 else f"{count} partitions")
        picture(self.driver, name)
        self.click("Launch 1 run" if count == 1 else "Launch backfill", "button")
        wait(lambda: not self._chooser(), PAGE_SECONDS, "the dialog to close")

    def _show_all_partitions(self) -> None:
        """Of long histories the dialog offers the newest only, until it is told otherwise."""
        narrowed = "Show all partitions"
        text = self.reads("Partition selection")
        if narrowed in text:
            self.click(narrowed, "button")
            wait(
                lambda: narrowed not in self.reads("Partition selection"),
                PAGE_SECONDS,
                "all partitions",
            )
        wait(self._chooser, PAGE_SECONDS, "the field for partitions")

    def _chooser(self) -> list[Any]:
        return list(self.driver.find_elements("css selector", _CHOOSER))

    def _clicked(self, path: str, text: str) -> None:
        from selenium.common.exceptions import (
            ElementClickInterceptedException,
            StaleElementReferenceException,
        )

        def tried() -> bool:
            for element in self.driver.find_elements("xpath", path):
                try:
                    if element.is_displayed() and element.is_enabled():
                        element.click()
                        return True
                except (ElementClickInterceptedException, StaleElementReferenceException):
                    # It moved, or something is still fading out above it: look again.
                    continue
            return False

        wait(tried, PAGE_SECONDS, f"{text!r} at {self.driver.current_url}")
