"""The official's key in a browser: nobody can read it, it is registered and signs as any other, and signs nothing unread."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from api import signerpage
from api.home import Home
from tests.browsing import Visit, chromium, visit

SOURCES = sorted((Path(signerpage.__file__).parent / "browser").glob("*.js"))
# What reaches the network, makes code of text, or markup of data.
REACHING = re.compile(
    r"\b(fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon|importScripts|eval|innerHTML|outerHTML|insertAdjacentHTML|"
    r"document\.write|localStorage|sessionStorage|setAttributeNS|DOMParser|serviceWorker)\b|new Function|import\("
)
EXPORTED = """
new Promise((resolve) => {
  const opening = indexedDB.open("entente-signer", 1);
  opening.onsuccess = () => {
    const asking = opening.result.transaction("keys").objectStore("keys").get("events");
    asking.onsuccess = async () => {
      const tried = ["raw", "pkcs8", "jwk"].map((form) => crypto.subtle.exportKey(form, asking.result.signing));
      const ended = await Promise.allSettled(tried);
      resolve([asking.result.signing.extractable, ...ended.map((each) => each.status)]);
    };
  };
})
"""
Run = Callable[..., tuple[int, str, str]]


def answer(run: Run, home: Home, *words: object, code: int = 0) -> dict[str, Any]:
    """A command's document. It runs in a thread of its own: while a browser lives, this one has an event loop that runs."""
    with ThreadPoolExecutor(1) as pool:
        found, said, wrong = pool.submit(run, *words, "--json", "--home", home.path).result()
    assert found == code, wrong or said
    told: dict[str, Any] = json.loads(said) if said else {}
    return told


@contextmanager
def opened(folder: Path, language: str = "en", width: int = 1280) -> Iterator[Visit]:
    """The page as the command writes it, in a browser of its own."""
    file = folder / "signer.html"
    file.write_bytes(signerpage.signer_page())
    with ExitStack() as stack:
        yield stack.enter_context(visit(stack.enter_context(chromium()), file, language, width))


def saved(seen: Visit, selector: str, to: Path) -> Path:
    """What the page gives to the browser's downloads when something is pressed."""
    with seen.page.expect_download() as download:
        seen.page.click(selector)
    download.value.save_as(to)
    return to


def signed(seen: Visit, draft: Path) -> Path:
    """A draft signed by hand: chosen, read, signed."""
    seen.page.set_input_files("#draft", draft)
    seen.page.wait_for_selector("#sign")
    assert seen.page.is_disabled("#sign"), "it was not read yet"
    seen.page.check("#read")
    return saved(seen, "#sign", draft.with_name(f"{draft.stem}.signed.jsonl"))


def test_an_official_issues_a_report_with_a_key_that_nobody_can_read(first_night: Home, run: Run, tmp_path: Path) -> None:
    """Made in the browser, registered by its nation, asked, prepared, read and signed there, recorded, and verified."""
    with opened(tmp_path) as seen:
        seen.page.click("#make")
        seen.page.wait_for_selector("#public")
        assert seen.page.evaluate(EXPORTED) == [False, "rejected", "rejected", "rejected"]
        public = saved(seen, "#public", tmp_path / "public.json")
        key_id = json.loads(public.read_text())["key_id"]
        words = ("--owner", "GB-SRO", "--role", "official", "--key", "authority-GB", "--out", tmp_path / "key.jsonl")
        answer(run, first_night, "draft", "key", public, *words)
        answer(run, first_night, "draft", "record", signed(seen, tmp_path / "key.jsonl"))
        first_night.projector("GB").follow()
        request, prepared, draft = (tmp_path / name for name in ("request.zip", "prepared.zip", "event.jsonl"))
        asked = ("--day", "2015-08-26", "--official", key_id, "--out", request)
        answer(run, first_night, "report", "request", "gb", *asked)
        told = answer(run, first_night, "signer", "sign", request, "--browser", draft, "--yes", "--out", prepared)
        assert told["event_signed"] is False and told["documents"] >= 1
        unsigned = answer(run, first_night, "signer", "join", prepared, draft, "--out", tmp_path / "never.zip", code=3)
        assert unsigned == {} and not (tmp_path / "never.zip").exists()
        seen.page.set_input_files("#draft", draft)
        seen.page.wait_for_selector("#sign")
        assert "12" in seen.texts("#events table")[0] and "report.issued" in seen.texts("#events h3")
        out = signed(seen, draft)
        answer(run, first_night, "signer", "join", prepared, out, "--out", tmp_path / "signed.zip")
        receipt = answer(run, first_night, "report", "record", "gb", tmp_path / "signed.zip")["receipt"]
        assert not seen.said and seen.asked == [seen.page.url]
    (report,) = answer(run, first_night, "report", "verify", "gb", receipt["event_id"])["reports"]
    found = {check["what"]: check for check in report["checks"]}
    assert report["ok"] and found["signature"]["told"]["en"] == "GB-SRO" and found["signature of the document"]["state"] == "ok"


def test_a_key_outlives_the_page_and_is_destroyed_only_when_that_is_meant(tmp_path: Path) -> None:
    with opened(tmp_path) as seen:
        seen.page.click("#make")
        made = seen.page.inner_text("#key code")
        seen.page.reload()
        seen.page.wait_for_selector("#public")
        assert seen.page.inner_text("#key code") == made
        seen.page.click("#forget")
        assert seen.page.inner_text("#key code") == made
        seen.page.click("#forget")
        seen.page.wait_for_selector("#make")
        seen.page.reload()
        assert seen.page.is_visible("#make") and not seen.page.is_visible("#signing")


def test_what_is_not_for_this_key_is_not_signed(first_night: Home, run: Run, tmp_path: Path) -> None:
    draft = tmp_path / "draft.jsonl"
    data = {"target": "INC-A1", "annotation": "read"}
    line = {"type": "annotation.added", "stream": "INC-A1", "occurred_at": "2015-08-28T05:00:00Z", "data": data}
    (tmp_path / "lines.jsonl").write_text(json.dumps(line) + "\n")
    answer(run, first_night, "draft", "new", tmp_path / "lines.jsonl", "--key", "service-GB-SRO", "--out", draft)
    item = json.loads(draft.read_text())
    bent = {**item, "envelope": {**item["envelope"], "payload": item["envelope"]["payload"][:-4] + "AAAA"}}
    with opened(tmp_path) as seen:
        seen.page.click("#make")
        seen.page.wait_for_selector("#public")
        for content, said in (
            (draft.read_text(), "is not for this key"),
            (json.dumps(bent), "is no draft"),
            ("", "is no draft"),
            ("<script>alert(1)</script>", "is no draft"),
        ):
            draft.write_text(content)
            seen.page.set_input_files("#draft", [])
            seen.page.set_input_files("#draft", draft)
            seen.page.wait_for_selector("#trouble:not([hidden])")
            assert said in seen.page.inner_text("#trouble") and not seen.page.query_selector("#sign")
        assert not seen.said


@pytest.mark.parametrize(("language", "width"), [("en", 390), ("fr", 1440)])
def test_the_page_is_sound_in_both_languages(tmp_path: Path, language: str, width: int) -> None:
    with opened(tmp_path, language, width) as seen:
        seen.require_sound()
        seen.page.click("#make")
        seen.page.wait_for_selector("#public")
        seen.require_sound()
        said = "Créer" if language == "fr" else "Save its public half"
        assert (said in seen.page.inner_text("main")) == (language == "en")


def test_the_command_writes_the_page_and_its_digest(run: Run, tmp_path: Path) -> None:
    code, said, _ = run("signer", "page", "--out", tmp_path / "page.html")
    digest = subprocess.run(["sha256sum", tmp_path / "page.html"], capture_output=True, text=True, check=True).stdout
    assert code == 0 and said.split()[0] == digest.split()[0]
    assert b"default-src 'none'" in (tmp_path / "page.html").read_bytes()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_the_sources_reach_nothing_and_keep_the_rules_of_the_house(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("// ") and len(text.splitlines()) <= 350
    assert not [n for n, line in enumerate(text.splitlines(), 1) if len(line) > 128 and "words" not in path.name]
    assert not (found := REACHING.search(text)), found
    assert ("indexedDB" in text) == (path.name == "keystore.js"), "the key's store alone keeps anything"
    assert text.count("exportKey") == (1 if path.name == "keystore.js" else 0) and "true, [" not in text
