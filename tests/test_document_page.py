"""A report's page in a browser: read on a telephone in a car and on a desk, by a screen reader, without a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from projections.publishing.page import html
from tests.browsing import LOCALES, chromium, visit
from tests.test_document import contents as contents
from tests.test_document import hostile
from tests.test_document import night as night

PHONE, DESK = 390, 1440


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize(("which", "language"), [("GB shared", "en"), ("GB national", "fr"), ("FR national", "fr")])
def test_a_report_is_read_by_anybody_on_anything(
    contents: dict[str, Any], browser: Browser, tmp_path: Path, which: str, language: str, width: int
) -> None:
    file = tmp_path / "report.html"
    file.write_text(html(contents[which], language), encoding="utf-8")
    with visit(browser, file, language, width) as page:
        page.require_sound()
        assert page.page.locator("html").get_attribute("lang") == LOCALES[language]
        assert page.page.locator("h1").count() == 1 and page.page.title()


def test_hostile_text_neither_runs_nor_widens_the_page(contents: dict[str, Any], browser: Browser, tmp_path: Path) -> None:
    for number, text in enumerate(("<img src=x onerror=alert(1)>", "W" * 400, "a\u202eb" * 50)):
        file = tmp_path / f"{number}.html"
        file.write_text(html(hostile(contents["FR national"], text), "fr", (text,)), encoding="utf-8")
        with visit(browser, file, "fr", PHONE) as page:
            page.require_quiet()
