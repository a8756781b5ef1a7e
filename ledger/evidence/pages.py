"""Plain text as pages: a PDF of Courier lines, for platforms that want something to look at. Pure, deterministic.

PDF 1.4 with one of the fonts every reader has, in Windows-1252: a character beyond that is shown as a question mark (the native
beside the page has every byte as it was signed).
"""

from __future__ import annotations

import textwrap

LINES_A_PAGE = 64
COLUMNS = 92
_A4 = "[0 0 595 842]"
_SIZE, _LEADING, _LEFT, _TOP = 9, 12, 48, 800


def paged(text: str) -> tuple[bytes, int]:
    """(the PDF, how many pages)."""
    lines = [part for line in text.rstrip("\n").split("\n") for part in (_wrapped(line) or [""])]
    pages = [lines[at : at + LINES_A_PAGE] for at in range(0, len(lines), LINES_A_PAGE)] or [[""]]
    return _pdf([_content(page) for page in pages]), len(pages)


def _wrapped(line: str) -> list[str]:
    return textwrap.wrap(line, COLUMNS, drop_whitespace=False, replace_whitespace=False, break_on_hyphens=False)


def _content(lines: list[str]) -> bytes:
    """The drawing of one page."""
    shown = b"".join([b"(%b) '\n" % _escaped(line) for line in lines])
    return b"BT /F1 %d Tf %d TL %d %d Td\n%bET" % (_SIZE, _LEADING, _LEFT, _TOP + _LEADING, shown)


def _escaped(line: str) -> bytes:
    body = "".join(c if c.isprintable() else " " for c in line).encode("cp1252", "replace")
    return body.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def _pdf(contents: list[bytes]) -> bytes:
    """Objects 1 to 3 are catalogue, page tree and font; then a page and its content, by turns."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(contents)))
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(contents)} /Kids [{kids}] >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>",
    ]
    for n, content in enumerate(contents):
        page = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox {_A4} /Resources << /Font << /F1 3 0 R >> >> /Contents {5 + 2 * n} 0 R >>"
        )
        bodies += [page.encode(), b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content)]
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(bodies, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    rows = b"".join([b"%010d 00000 n \n" % at for at in offsets])
    table = b"xref\n0 %d\n0000000000 65535 f \n%b" % (len(offsets) + 1, rows)
    return out + table + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(offsets) + 1, len(out))
