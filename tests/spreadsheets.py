"""A spreadsheet program that is not ours: LibreOffice opens a workbook, computes every formula anew, and says what it sees."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

# Unless told so, it shows the values that a file brings along.
ALWAYS_COMPUTE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="ODFRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""
# Commas, quotes, UTF-8, values and not formulas, as shown, every sheet a file.
EVERY_SHEET = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"


def computed(content: bytes, suffix: str, folder: Path) -> dict[str, list[list[str]]]:
    """Rows of each sheet of a workbook, by its name, as LibreOffice computes and shows them."""
    assert shutil.which("soffice") is not None, "LibreOffice is missing; as root: apt-get install libreoffice-calc"
    settings = folder / "profile" / "user" / "registrymodifications.xcu"
    settings.parent.mkdir(parents=True)
    settings.write_text(ALWAYS_COMPUTE, encoding="utf-8")
    (folder / f"book.{suffix}").write_bytes(content)
    command = ["soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--norestore"]
    command += ["--convert-to", EVERY_SHEET, "--outdir", str(folder / "out"), str(folder / f"book.{suffix}")]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    files = sorted((folder / "out").glob("book-*.csv"))
    return {f.stem.removeprefix("book-"): list(csv.reader(f.read_text(encoding="utf-8").splitlines())) for f in files}


def changed(content: bytes, part: str, change: Callable[[str], str]) -> bytes:
    """A workbook with one of its parts changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            text = before.read(name)
            if name == part:
                new = change(text.decode()).encode()
                assert new != text, f"nothing was changed in {part}"
                text = new
            after.writestr(name, text)
    return out.getvalue()
