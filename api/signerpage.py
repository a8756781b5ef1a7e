"""`signer.html`: the page by which an official signs with a key that the browser keeps, and that nothing can read out of it.

Its sources are in `browser/`, beside the modules that it shares with the verifier of bundles: bytes, strict JSON, digests. The
browser makes an Ed25519 key that is not extractable and keeps it for this page; the page reads a draft (`entente draft`,
`entente signer sign --browser`), shows it, and gives it back with one signature more. It asks nothing of any network.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

from ledger.evidence.browserpage import page_of


@cache
def signer_page() -> bytes:
    """The whole page. The same sources give the same bytes, on any machine."""
    return page_of("signer.js", "signer.html", resources.files(__package__) / "browser")
