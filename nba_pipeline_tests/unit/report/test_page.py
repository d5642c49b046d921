"""The page as a file: nothing of a source is believed, nothing fetched, nothing half-written."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from one_evening import claim, expected, page, played

from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.report.page import html_of, path_of, store, version_of
from nba_pipeline.report.pictures import calibration, line_and_forecast

ATTACK = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


class Elements(HTMLParser):
    """The elements of a document with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def names(html: str) -> list[str]:
    return [tag for tag, _ in Elements(html).found]


@pytest.mark.parametrize(
    "changed",
    [
        {"form": [played(18, ATTACK)]},
        {"claims": [claim(key_factors=[ATTACK])]},
        {"claims": [claim(line_book=ATTACK)]},
        {"claims": [claim(system_id=ATTACK)]},
        {"expected": [expected(player_status=ATTACK)]},
    ],
)
def test_a_script_in_a_name_is_text(changed):
    html = html_of(page(**changed))
    assert names(html).count("script") == names(html_of(page())).count("script") == 1
    assert "img" not in names(html)
    assert ATTACK in Elements(html).text


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_any_name_is_shown_as_it_is(name):
    html = html_of(page(form=[played(18, name)]))
    assert name in Elements(html).text
    assert names(html) == names(html_of(page(form=[played(18)])))


def test_nothing_is_fetched():
    html = html_of(page())
    for tag, attributes in Elements(html).found:
        assert not {"src", "href"} & set(attributes) or attributes.get("href") == "#players", tag
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
    assert "url(" not in html
    assert "@import" not in html
    assert re.search(r"default-src 'none'", html)


def test_tables_have_heads_with_scope_and_rows_a_header():
    found = Elements(html_of(page())).found
    heads = [attributes for tag, attributes in found if tag == "th"]
    assert all("scope" in attributes for attributes in heads)
    sortable = [attributes for attributes in heads if "aria-sort" in attributes]
    assert len(sortable) == 9


def test_a_page_is_written_once(tmp_path):
    path = path_of(tmp_path / "pages", page().day)
    html = html_of(page())
    assert store(html, path)
    assert not store(html, path), "nothing has changed"
    assert path.read_text("utf-8") == html
    assert [one.name for one in path.parent.iterdir()] == ["slate_2024-11-20.html"]


def test_another_word_is_another_version():
    other = page(claims=[claim(predicted_points=22.1)])
    assert version_of(html_of(page())) == version_of(html_of(page()))
    assert version_of(html_of(page())) != version_of(html_of(other))


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match=r"the page .* cannot be written"):
        store("", tmp_path / "file" / "page.html")


def test_pictures_are_small_and_left_out_where_there_is_nothing():
    assert line_and_forecast(page())[:4] == b"\x89PNG"
    assert len(line_and_forecast(page())) < 40_000
    assert calibration(page())[:4] == b"\x89PNG"
    assert calibration(page(earlier=[])) == b""
    assert line_and_forecast(page(claims=[])) == b""


def test_an_evening_without_predictions_names_who_is_expected():
    html = html_of(page(claims=[]))
    assert "Expected, not predicted: 1" in Elements(html).text
    assert "Nikola Vučević" in Elements(html).text
