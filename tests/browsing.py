"""Chromium with verify.html in it, opened from a file as an auditor does, without a network. What it asks for is counted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LOCALES = {"en": "en-GB", "fr": "fr-FR"}
HEIGHT = 800
# Of whatever has the focus: its outline, or that of the label around a file input, which is what one sees of it.
OUTLINE = """() => {
  const focused = document.activeElement;
  const shown = focused.closest(".file") ?? focused;
  const { outlineStyle, outlineWidth } = getComputedStyle(shown);
  return outlineStyle === "none" ? 0 : parseFloat(outlineWidth);
}"""
# An early script of a page that was not got safely: its browser has no cryptography for it.
WITHOUT_CRYPTOGRAPHY = "Object.defineProperty(Crypto.prototype, 'subtle', { get: () => undefined });"


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium. One at a time in a process: while it lives, the process has an event loop that runs."""
    path = shutil.which("chromium")
    assert path is not None, "chromium is missing; as root: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        try:
            yield browser
        finally:
            browser.close()


class Visit:
    """One visit to the page. `asked` are the addresses it asked for, `said` what stood on its console."""

    def __init__(self, page: Page, file: Path) -> None:
        self.page = page
        self.asked: list[str] = []
        self.said: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("websocket", lambda socket: self.asked.append(socket.url))
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.goto(file.as_uri())

    def choose(self, bundle: Path | None, policy: Path | None = None) -> None:
        """Have files chosen by the file chooser."""
        if bundle is not None:
            self.page.set_input_files("#bundle", bundle)
        if policy is not None:
            self.page.set_input_files("#policy", policy)

    def check(self) -> None:
        """Press the button, and wait for the verdict."""
        self.page.click("#form button[type=submit]")
        self.page.wait_for_selector("#verdict")

    def drop(self, files: list[Path], selector: str) -> None:
        """Drop files on what a selector names, by the mouse, as the browser's own input."""
        self.page.locator(selector).scroll_into_view_if_needed()
        box = self.page.locator(selector).bounding_box()
        assert box is not None
        place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        data = {"items": [], "files": [str(file) for file in files], "dragOperationsMask": 1}
        session = self.page.context.new_cdp_session(self.page)
        for kind in ("dragEnter", "dragOver", "drop"):
            session.send("Input.dispatchDragEvent", {"type": kind, **place, "data": data})
        session.detach()

    def texts(self, selector: str) -> list[str]:
        """The visible text of everything that a selector names."""
        return [text.strip() for text in self.page.locator(selector).all_inner_texts()]

    def codes(self, number: int) -> list[str]:
        """The codes of one of the three lists: 0 proven, 1 assumed, 2 not proven."""
        points = self.page.locator(".lists > section").nth(number).locator("li")
        return [point.get_attribute("data-code") or "" for point in points.all()]

    def outline(self) -> float:
        """How thick the outline of what has the focus is, in pixels."""
        return float(self.page.evaluate(OUTLINE))

    def focused(self) -> str:
        """What has the focus, by its id or its words."""
        return str(self.page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))

    def require_sound(self) -> None:
        """As `require_quiet`, and axe finds nothing."""
        self.require_quiet()
        found = Axe().run(self.page)
        assert found.violations_count == 0, found.generate_report()

    def require_quiet(self) -> None:
        """Nothing asked for but the page itself, nothing on the console, no scrolling sideways."""
        assert self.asked == [self.page.url], "something was asked for beside the page itself"
        assert not self.said
        width: Any = self.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert width[0] <= width[1], f"the page is {width[0]} px wide in {width[1]}"


@contextmanager
def visit(browser: Browser, file: Path, language: str = "en", width: int = 1280, early: str | None = None) -> Iterator[Visit]:
    """A visit to a page in a file, in a window of its own without a network. `early` is a script that runs first."""
    size: Any = {"width": width, "height": HEIGHT}
    context = browser.new_context(viewport=size, locale=LOCALES[language], offline=True)
    try:
        if early is not None:
            context.add_init_script(early)
        yield Visit(context.new_page(), file)
    finally:
        context.close()
