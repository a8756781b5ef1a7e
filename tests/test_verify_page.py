"""verify.html in a real Chromium, from a file, without a network: what an auditor sees is what the command line says.

The verifying itself is held by tests/test_verify_html.py; here are the page around it, its words in both languages, and whoever
uses it with a keyboard, a screen reader, a telephone or a printer.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ledger.evidence.browserpage import verifier_page
from ledger.formats.policy import format_policy
from tests.agreeing import REDERIVED
from tests.browsing import WITHOUT_CRYPTOGRAPHY, Visit, chromium, visit
from tests.bundles import FIGURE, STREAM, flipped, golden_policy, verdict_of
from tests.test_bundle_rules import BESIDE

pytestmark = pytest.mark.foreign

WIDTHS = (360, 1280)
FILE_BYTES_MAX = 2**30
HEADINGS = {
    "proven": ("Proven", "Prouvé"),
    "internally-consistent": ("Consistent in itself", "Cohérent en lui-même"),
    "refused": ("Refused", "Refusé"),
}
LISTS = {"proven": ("Proven", "Prouvé"), "assumed": ("Assumed", "Supposé"), "not_proven": ("Not proven", "Non prouvé")}
# What each point must say, by its code: words that say it in English and in French, and what of the document it must name.
POINTS: dict[str, dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "proven": {
        "bytes": ("Every file", "Chaque fichier", ()),
        "in-log": ("positions in the log", "dans le journal", ("log.origin", "log.size", "entries.full", "entries.withheld")),
        "signed": ("signed over its exact bytes", "signé sur ses octets exacts", ("signatures",)),
        "final": ("co-signed this state", "contresigné cet état", ()),
        "all-positions": ("Nothing is left out", "Rien n’est omis", ("complete.first", "complete.last")),
        "all-versions": ("Every version", "Chaque version", ("complete.versions",)),
        "last-version": ("last one", "dernière", ("complete.versions",)),
        "answer-sums": ("add up", "somme", ()),
        "sections-opened": ("Sections opened", "Sections ouvertes", ("sections.opened",)),
    },
    "assumed": {
        "policy-keys": ("your policy", "votre politique", ()),
        "bundle-keys": ("own policy", "politique jointe", ()),
        "cosigners-checked": ("checked every entry", "vérifié chaque enregistrement", ()),
        "algorithms": ("ML-DSA-44", "ML-DSA-44", ()),
    },
    "not_proven": {
        "truth": ("is true", "est vrai", ()),
        "identity": ("Whose keys", "À qui sont ces clés", ()),
        "not-final": ("not final", "pas définitif", ()),
        "registry-whole": ("no event about keys", "aucun événement sur les clés", ()),
        "later": ("recorded after", "enregistré après", ("log.size",)),
        "last-version": ("no further version", "pas d’autre version", ()),
        "withheld": ("grounds given are the word of", "motifs donnés sont la parole de", ("entries.withheld",)),
        "sealed": ("sealed entries", "enregistrements scellés", ()),
        "disputed": ("reported compromised", "signalée compromise", ()),
        "answer-rederived": ("rules give this answer", "règles donnent cette réponse", ()),
        "answer-whole": ("add to the answer", "ajouteraient à la réponse", ()),
        "timestamps": ("time stamps were not checked", "horodatages n’ont pas été contrôlés", ()),
        "clock": ("clock was right", "horloge du journal était juste", ()),
    },
}
PROBLEMS = {
    "crc": ("A file was changed or damaged.", "Un fichier a été modifié ou endommagé."),
    "not-a-bundle": ("This is not an evidence bundle", "Ce n’est pas un dossier de preuve"),
    "too-large": ("larger than a bundle may be", "plus grand qu’un dossier ne peut l’être"),
}


@dataclass(frozen=True)
class Case:
    """A file to be checked, and the document that `entente bundle verify --json` gives of it."""

    bundle: Path
    policy: Path | None
    document: dict[str, Any]


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("auditor")
    (folder / "verify.html").write_bytes(verifier_page())
    (folder / "policy.txt").write_bytes(format_policy(golden_policy()))
    return folder


@pytest.fixture(scope="module")
def cases(folder):
    policy, elsewhere = folder / "policy.txt", golden_policy()
    stamped = BESIDE["two responses"][1]
    bodies = {
        "stream": STREAM,
        "stamped": stamped,
        "figure": FIGURE,
        "flipped": flipped(STREAM, 8 * 5_000),
        "text": b"not an archive\n" * 9,
    }
    files = {name: folder / f"{name}.zip" for name in (*bodies, "huge", "zeros")}
    for name, body in bodies.items():
        files[name].write_bytes(body)
    refused = {"verdict": "refused"}
    for name, size in {"huge": FILE_BYTES_MAX + 1, "zeros": FILE_BYTES_MAX}.items():  # sparse: they take no space
        with files[name].open("wb") as file:
            file.truncate(size)
    return {
        "no zip": Case(files["text"], None, verdict_of(bodies["text"])),
        "too large": Case(files["huge"], None, {**refused, "problem": {"code": "too-large", "file": None}}),
        "zeros": Case(files["zeros"], None, {**refused, "problem": {"code": "not-a-bundle", "file": None}}),
        "in itself": Case(files["stream"], None, verdict_of(STREAM)),
        "proven": Case(files["stream"], policy, verdict_of(STREAM, elsewhere)),
        "stamped": Case(files["stamped"], policy, verdict_of(stamped, elsewhere)),
        "figure": Case(files["figure"], policy, verdict_of(FIGURE, elsewhere)),
        "flipped": Case(files["flipped"], policy, verdict_of(bodies["flipped"], elsewhere)),
    }


# -- what is said -------------------------------------------------------------------------------------------------------------


def of(document: dict[str, Any], path: str) -> Any:
    """What stands in a document under names joined by dots."""
    value: Any = document
    for name in path.split("."):
        value = value[name]
    return value


def require_points(seen: Visit, document: dict[str, Any], column: int) -> None:
    """The three lists have the document's codes in its order, each under its heading and in words that name what it names."""
    for number, (name, rows) in enumerate(POINTS.items()):
        part = seen.page.locator(".lists > section").nth(number)
        assert part.locator("h3").inner_text() == LISTS[name][column]
        shown = seen.codes(number)
        # The page does not know the rules of the figures, and has to say so (docs/format.md, 12.9).
        assert [code for code in shown if code != REDERIVED] == [code for code in document[name] if code != REDERIVED]
        assert (REDERIVED in shown) == (name == "not_proven" and document["answer"] is not None)
        for code, text in zip(shown, part.locator("li").all_inner_texts(), strict=True):
            *said, facts = rows[code]
            assert said[column] in text, f"{code}: {text}"
            missing = [fact for fact in facts if (value := of(document, fact)) != 0 and str(value) not in text]
            assert not missing, f"{code} does not name {missing}: {text}"


def require_same(seen: Visit, case: Case, language: str) -> None:
    """The page says of a bundle what the document says."""
    document, column = case.document, ("en", "fr").index(language)
    assert seen.page.locator(".banner").get_attribute("data-verdict") == document["verdict"]
    assert HEADINGS[document["verdict"]][column] in seen.page.locator("#verdict").inner_text()
    result = seen.page.locator("#result").inner_text()
    assert case.bundle.name in result
    if document["problem"] is not None:
        code, file = document["problem"]["code"], document["problem"]["file"]
        assert PROBLEMS[code][column] in result and code in seen.texts("#result dd code")
        assert file is None or file in seen.texts("#result dd code")
        assert not seen.codes(0), "nothing of a refused bundle is proven"
        return
    require_points(seen, document, column)
    assert ("EXERCISE", "EXERCICE")[column] in result
    assert document["log"]["root"] in result and document["log"]["origin"] in result
    assert (case.policy is None) or case.policy.name in result
    for row in document["cosigned"]:
        assert row["name"] in result
    tables = seen.texts("#result tbody tr")
    for key in document["keys"]:
        assert any(key["key_id"][:16] in row and key["owner"] in row and str(key["signed"]) in row.split() for row in tables)
    if document["answer"] is not None:
        assert seen.texts(".value strong") == [str(document["answer"]["value"])]
        quantities = [row.split()[:2] for row in tables[: len(document["answer"]["lines"])]]
        assert quantities == [[str(line["position"]), str(line["quantity"])] for line in document["answer"]["lines"]]


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_says_what_the_command_line_says(browser, folder, cases, width, language):
    """One file after another. It asks for nothing, is silent on the console, fits its window, and axe finds nothing in it."""
    with visit(browser, folder / "verify.html", language, width) as seen:
        seen.require_sound()
        for name, case in cases.items():  # those without a policy first: what is chosen stays
            seen.choose(case.bundle, case.policy)
            seen.check()
            require_same(seen, case, language)
            if name in ("no zip", "too large", "zeros"):  # but for its words the page of "flipped", in which axe finds nothing
                seen.require_quiet()
            else:
                seen.require_sound()


def test_every_code_of_the_format_has_its_words_here_too():
    """A point that the format adds must not be shown as a bare code; time stamps are for those who have certificates."""
    from projections.wording import bundles

    known = {"proven": bundles.PROVEN, "assumed": bundles.ASSUMED, "not_proven": bundles.NOT_PROVEN}
    for name, rows in known.items():
        assert POINTS[name].keys() == rows.keys() - ({"answer-rederived", "timestamps"} if name == "proven" else set())


def test_a_browser_without_cryptography_of_its_own_shows_the_same(browser, folder, cases):
    with visit(browser, folder / "verify.html", early=WITHOUT_CRYPTOGRAPHY) as seen:
        assert seen.page.evaluate("crypto.subtle === undefined")
        for name in ("proven", "figure"):
            seen.choose(cases[name].bundle, cases[name].policy)
            seen.check()
            require_same(seen, cases[name], "en")
        seen.require_sound()


def test_a_result_is_said_in_the_other_language_when_asked(browser, folder, cases):
    with visit(browser, folder / "verify.html", "fr", 360) as seen:
        seen.choose(cases["figure"].bundle, cases["figure"].policy)
        seen.check()
        seen.page.click("button[data-language=en]")
        assert seen.page.evaluate("document.documentElement.lang") == "en"
        require_same(seen, cases["figure"], "en")


# -- how a file gets there, and what goes wrong -------------------------------------------------------------------------------


def test_files_may_be_dropped_on_the_page(browser, folder, cases):
    """A bundle anywhere; a policy on its own field. Without care the browser would leave the page and open the file."""
    with visit(browser, folder / "verify.html") as seen:
        seen.page.evaluate("window.addEventListener('drop', (drop) => { window.leaves = !drop.defaultPrevented; })")
        seen.drop([cases["proven"].bundle], "h1")
        assert seen.page.evaluate("window.leaves") is False
        seen.drop([folder / "policy.txt"], "[data-takes=policy] .hint")
        assert [text.split(" ")[0] for text in seen.texts(".chosen")] == ["stream.zip", "policy.txt"]
        seen.check()
        require_same(seen, cases["proven"], "en")
        seen.drop([cases["proven"].bundle, cases["figure"].bundle], "h1")
        assert seen.texts("[role=alert]") == ["Drop one file at a time."]
        seen.require_sound()


def test_a_verdict_does_not_stay_when_another_file_is_chosen(browser, folder, cases):
    """What was proven of one bundle must never be read under the name of another."""
    with visit(browser, folder / "verify.html") as seen:
        seen.choose(cases["proven"].bundle, cases["proven"].policy)
        seen.check()
        seen.choose(cases["flipped"].bundle)
        assert seen.page.locator("#verdict").count() == 0 and seen.texts("#status") == [""]
        seen.check()
        require_same(seen, cases["flipped"], "en")


def test_what_cannot_be_checked_is_said_and_heard(browser, folder, cases):
    """No bundle chosen, a policy that is none, a file that went away: each is told, and none is a verdict."""
    gone = folder / "gone.zip"
    gone.write_bytes(STREAM)
    with visit(browser, folder / "verify.html", "fr", 360) as seen:
        told = []
        for bundle, policy in ((None, None), (cases["proven"].bundle, cases["proven"].bundle), (gone, folder / "policy.txt")):
            seen.choose(bundle, policy)
            if bundle is gone:
                gone.unlink()
            seen.page.click("#form button[type=submit]")
            seen.page.wait_for_selector("[role=alert]:not([hidden])")
            told += seen.texts("[role=alert]")
            assert seen.page.locator("#verdict").count() == 0
        seen.require_sound()
        assert "d’abord" in told[0] and "stream.zip n’est pas" in told[1] and "gone.zip n’a pas pu être lu" in told[2]


# -- whoever uses keys, listens, or prints ------------------------------------------------------------------------------------


def test_everything_is_reached_by_keys_and_the_focus_is_seen(browser, folder, cases):
    with visit(browser, folder / "verify.html", "en", 360) as seen:
        seen.page.on("filechooser", lambda chooser: None)  # choosers come to us from now on
        press = seen.page.keyboard.press
        order = []
        for _ in range(5):
            press("Tab")
            order.append(seen.focused())
            assert seen.outline() >= 2, order[-1]
        assert order == ["English", "Français", "bundle", "policy", "Check the bundle"]
        for field, file in (("policy", folder / "policy.txt"), ("bundle", cases["figure"].bundle)):
            press("Shift+Tab")
            assert seen.focused() == field
            with seen.page.expect_file_chooser() as chooser:
                press("Enter")
            chooser.value.set_files(file)
        press("Tab")
        press("Tab")
        press("Enter")
        seen.page.wait_for_selector("#verdict")
        assert seen.focused() == "verdict" and seen.outline() >= 2
        while not seen.page.evaluate("document.activeElement.matches('td button')"):
            press("Tab")
            assert seen.outline() >= 2
        press("Enter")  # on a line of the answer: it leads to the entry behind it, opened
        seen.page.wait_for_selector("details[open] pre")
        assert seen.page.evaluate("document.activeElement.parentElement.open") and seen.outline() >= 2
        seen.require_sound()


def test_the_verdict_is_announced_to_whoever_listens(browser, folder, cases):
    """A live region that was there before it speaks; the verdict is what it says last."""
    with visit(browser, folder / "verify.html", "fr") as seen:
        status = seen.page.get_by_role("status")
        assert status.count() == 1 and status.inner_text() == ""
        seen.choose(cases["proven"].bundle)
        seen.check()
        assert status.inner_text().startswith("Cohérent en lui-même. ")


def test_a_printed_result_has_the_verdict_and_what_it_rests_on_and_no_buttons(browser, folder, cases):
    """On paper 18 cm wide; it names the file and the policy, so that the sheet stands for itself."""
    with visit(browser, folder / "verify.html", "fr", 680) as seen:
        seen.choose(cases["figure"].bundle, cases["figure"].policy)
        seen.check()
        seen.page.emulate_media(media="print")
        for selector in ("nav", "form", "#print", "#progress"):
            assert not seen.page.locator(selector).is_visible(), selector
        for selector in ("#verdict", ".lists", "#result table >> nth=0", "td button >> nth=0"):
            assert seen.page.locator(selector).is_visible(), selector
        printed = seen.page.locator("#result").inner_text()
        assert "figure.zip" in printed and "policy.txt, SHA-256" in printed
        assert seen.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert seen.page.evaluate("[...document.querySelectorAll('.scroll')].every((e) => e.scrollWidth <= e.clientWidth + 1)")
        assert seen.page.pdf(format="A4").startswith(b"%PDF")


def test_a_page_without_its_script_says_what_it_needs(browser, folder):
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto((folder / "verify.html").as_uri())
    assert "JavaScript" in page.locator("main").inner_text() and not page.locator("form").is_visible()
    context.close()
