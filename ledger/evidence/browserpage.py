"""`verify.html`: the second verifier of evidence bundles, put together into one file that a browser opens without a network.

Its sources are in `browser/`: JavaScript modules that share no code with the verifier in Python, a style sheet, and a frame.
Putting them together is deterministic, so that the file's SHA-256 can be published with a release, and compared by whoever gets
the file elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

_SOURCES = resources.files(__package__) / "browser"
# The one form of import and export the sources use: what cannot be mistaken needs no parser.
_IMPORT = re.compile(r'^import (\{ .+ \}) from "\./([a-z0-9-]+\.js)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async function\*?|function\*?|class|const) (\w+))", re.MULTILINE)
_LEFT_OVER = re.compile(r"^(?:import|export)\b.*$|</script|<!--", re.MULTILINE | re.IGNORECASE)


@cache
def verifier_page() -> bytes:
    """The whole page. The same sources give the same bytes, on any machine."""
    return page_of("main.js", "page.html")


def page_of(entrance: str, name: str, own: Traversable | None = None) -> bytes:
    """A page of one file: a frame, the style sheet, and the modules that the entrance needs.

    `own` is a folder of sources beside the verifier's, which may import those; a page made so shares what both need and nothing
    of the verifier's else.
    """
    script, style, frame = _script(entrance, own), _read("style.css", None), _read(name, own)
    allowed = f"script-src '{_digest(script)}'; style-src '{_digest(style)}'"
    policy = f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"
    for mark, text in (("content-security-policy", policy), ("style", style), ("script", script)):
        assert frame.count(f"{{{{ {mark} }}}}") == 1, f"{name} has one place for its {mark}"
        frame = frame.replace(f"{{{{ {mark} }}}}", text)
    return frame.encode()


def verifier_sha256() -> str:
    """SHA-256 of the page, in hex: what a release publishes."""
    return hashlib.sha256(verifier_page()).hexdigest()


def _digest(text: str) -> str:
    """A source of Content-Security-Policy that names exactly this text, as it stands between its tags."""
    return "sha256-" + base64.b64encode(hashlib.sha256(f"\n{text}".encode()).digest()).decode()


def _read(name: str, own: Traversable | None) -> str:
    there = own / name if own is not None else None
    source = there if there is not None and there.is_file() else _SOURCES / name
    return source.read_text(encoding="utf-8")


def _script(entrance: str, own: Traversable | None) -> str:
    """All modules the entrance needs, each in a scope of its own, those needed by others first."""
    order: dict[str, str] = {}
    _collect(entrance, order, (), own)
    return "".join(order.values())


def _collect(name: str, order: dict[str, str], above: tuple[str, ...], own: Traversable | None) -> None:
    assert name not in above, f"modules of the browser verifier import each other in a circle: {above}"
    if name in order:
        return
    source = _read(name, own)
    for match in _IMPORT.finditer(source):
        _collect(match[2], order, (*above, name), own)
    order[name] = _scoped(name, source)


def _scoped(name: str, source: str) -> str:
    """A module as a function called once: its imports are taken from the constants of others, its exports become one."""
    body = _IMPORT.sub(lambda match: f"const {match[1]} = {_constant(match[2])};", source)
    exported = [match[1] for match in _EXPORT.finditer(body)]
    body = _EXPORT.sub("", body)
    left = _LEFT_OVER.findall(body)
    assert not left, f"{name}: not a form the page can be made of: {left}"
    return f"const {_constant(name)} = (() => {{\n{body}\nreturn {{ {', '.join(exported)} }};\n}})();\n"


def _constant(name: str) -> str:
    return "$" + name.removesuffix(".js").replace("-", "_")
