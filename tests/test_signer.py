"""What an official signs on a machine of their own: read in words first, nothing else signed, no key ever where the log is."""

from __future__ import annotations

import base64
import json
import zipfile
from datetime import date
from typing import Any

import msgspec
import pytest

from api import documents, exercise_documents, issuing, report_files, reporting, signing_requests
from api.cli import main
from api.home import Home
from api.signing_requests import Request
from ledger import errors, events
from ledger.formats.entry import format_instant
from ledger.formats.keys import SigningKey, save_private
from projections.publishing.verdict import is_signed_form_of
from projections.reports.draft import Wanted
from tests.test_document_keys import files as key_files
from tests.test_pades import pki
from tests.test_reports import LONDON

OWN_WORDS = ("The centre worked <as> intended.", "=cmd()|' /C calc'!A0")


@pytest.fixture
def night(first_night: Home) -> Home:
    """The night, with its exercise's clock at its end."""
    first_night.projector("GB").follow()
    return first_night


def asked(home: Home, own_words: tuple[str, ...] = OWN_WORDS, day: date = LONDON) -> Request:
    """London's official is asked to revise a report."""
    prepared = issuing.prepare(home, "GB", Wanted(day, "revised", {}, own_words))
    shown = {"reason": "Daily report", "location": "Calais", "name": "GB-SRO"}
    official = home.key("service-GB-SRO").key_id
    return signing_requests.of(home, prepared, official, format_instant(home.now()), shown)


def run(capsys: pytest.CaptureFixture[str], *words: Any, code: int = 0) -> str:
    capsys.readouterr()
    assert main([str(word) for word in words]) == code, capsys.readouterr()
    told = capsys.readouterr()
    return told.out if code == 0 else told.err


def test_a_report_is_read_signed_elsewhere_and_recorded(night, tmp_path, capsys):
    request = asked(night)
    signing_requests.write(tmp_path / "request.zip", request)
    assert signing_requests.read(tmp_path / "request.zip") == request
    key = tmp_path / "official.pem"
    save_private(key, night.key("service-GB-SRO"))
    shown = run(capsys, "signer", "show", tmp_path / "request.zip", "--lang", "en", "--read", tmp_path / "read")
    assert "26 August 2015" in shown and "revised, revision" in shown and "GB-SRO" in shown and "G1" in shown
    assert OWN_WORDS[0] in shown and "EXERCISE" in shown
    assert (tmp_path / "read" / "national.unsigned.pdf").read_bytes() == request.documents["national"]
    in_french = run(capsys, "signer", "show", tmp_path / "request.zip", "--lang", "fr")
    assert "26 août 2015" in in_french and "révisé, révision" in in_french and "EXERCICE" in in_french
    out, home = tmp_path / "signed.zip", ("--home", night.path)
    run(capsys, "signer", "sign", tmp_path / "request.zip", "--key", key, "--out", out, *home, code=2)  # nobody read it
    told = json.loads(
        run(capsys, "signer", "sign", tmp_path / "request.zip", "--key", key, "--out", out, "--yes", "--json", *home)
    )
    assert told["level"] == "B-LTA" and told["documents"] == 2 and "EXERCISE – GB-SRO" in told["signer"]
    completed = signing_requests.read_completed(out)
    receipt = signing_requests.record(night, completed)
    night.projector("GB").follow()
    found = reporting.find_of(night.view("GB").at(None), "GB", LONDON.isoformat())
    assert found.event == receipt.event_id
    answer = reporting.verify(night, night.view("GB").at(None), found)
    assert answer["ok"], answer
    for edition, body in request.documents.items():
        kept = report_files.document_of(night, receipt.event_id, report_files.file_kind(edition, "signed.pdf"))
        assert kept is not None and documents.verify(night, kept).ok
        assert is_signed_form_of(kept, report_files.digest(body))


def test_what_the_service_answers_to_a_draft_is_the_same_request(night, tmp_path):
    request = asked(night)
    answer = {
        "unsigned": request.unsigned,
        "documents": [
            {
                "edition": edition,
                "pdf": base64.b64encode(body).decode(),
                "content": json.loads(request.files[report_files.file_kind(edition, "content.json")]),
            }
            for edition, body in request.documents.items()
        ],
    }
    made = signing_requests.of_answer(request.terms, answer)
    signing_requests.write(tmp_path / "request.zip", made)
    assert signing_requests.read(tmp_path / "request.zip") == made == request
    with pytest.raises(errors.BadQuestion, match="covered"):
        signing_requests.of_answer(request.terms, {**answer, "unsigned": None})


def test_a_ministrys_key_signs_without_any_home(night, tmp_path, capsys):
    """All it takes is files: the two keys, the certificate, whom to believe."""
    signing_requests.write(tmp_path / "request.zip", asked(night, ()))
    key, certificate = key_files(tmp_path)
    save_private(tmp_path / "event.pem", night.key("service-GB-SRO"))
    for name, body in {
        "root.der": pki.certificate("home-office").dump(),
        "clock.der": pki.certificate("clock").dump(),
        "root.crl": pki.crl("home-office").dump(),
    }.items():
        (tmp_path / name).write_bytes(body)
    words = ["signer", "sign", tmp_path / "request.zip", "--key", tmp_path / "event.pem", "--yes", "--json"]
    words += ["--document-key", key, "--certificate", certificate, "--roots", tmp_path / "root.der"]
    assert "a time-stamping authority" in run(capsys, *words, "--out", tmp_path / "never.zip", code=2)
    assert not (tmp_path / "never.zip").exists()
    told = json.loads(run(capsys, *words, "--level", "B-B", "--out", tmp_path / "signed.zip"))
    assert told["level"] == "B-B" and "O'Neill" in told["signer"]
    assert "is there already" in run(capsys, *words, "--out", tmp_path / "signed.zip", code=2)
    assert "--certificate" in run(capsys, *words[:7], "--document-key", key, "--out", tmp_path / "x.zip", code=2)
    assert "--token" in run(capsys, *words[:7], "--pkcs11", key, "--out", tmp_path / "x.zip", code=2)


def test_another_key_than_the_one_asked_signs_nothing(night, tmp_path):
    signed: list[bytes] = []
    with pytest.raises(errors.KeyNotInForce, match="GB-SRO"):
        signing_requests.complete(asked(night), SigningKey.generate(), lambda pdf: signed.append(pdf) or pdf)
    assert not signed


def test_a_document_is_not_signed_into_another_event(night, tmp_path):
    """Whatever was changed on the way, of a file or of the draft, is found before anything is shown."""
    path, request = tmp_path / "request.zip", asked(night)

    def changed(**parts: Any) -> None:
        signing_requests.write(path, msgspec.structs.replace(request, **parts))

    for kind, body in request.files.items():
        changed(files={**request.files, kind: body + b" "})
        with pytest.raises(errors.Malformed, match="is not the one that the event commits to"):
            signing_requests.read(path)
        if kind.endswith(".pdf"):
            changed(files={name: each for name, each in request.files.items() if name != kind})
            with pytest.raises(errors.Malformed, match="is missing"):
                signing_requests.read(path)
    data = request.unsigned["data"]
    for unsigned in (
        {**request.unsigned, "authority": "FR-SRO"},
        {**request.unsigned, "type": "key.revoked"},
        {**request.unsigned, "data": {**data, "nation": "FR"}},
        {**request.unsigned, "data": {**data, "figures": "none"}},
        {**request.unsigned, "data": {**data, "more": 1}},
        {**request.unsigned, "national": {"FR": {}}},
        {**request.unsigned, "national": {"GB": {**request.unsigned["national"]["GB"], "lines_to_take": [1]}}},
    ):
        changed(unsigned=unsigned)
        with pytest.raises(errors.Malformed):
            signing_requests.read(path)


def test_what_comes_back_with_another_document_is_not_recorded(night, tmp_path):
    request = asked(night)
    means, signer = documents.means_of(night), exercise_documents.signer(night, "GB-SRO")
    completed = signing_requests.complete(
        request, night.key("service-GB-SRO"), lambda pdf: means.sign(pdf, signer, request.terms.shown.as_dict()).pdf
    )
    data = events.decode(completed.item.payload).data
    assert data.signed_pdf_sha256 == report_files.digest(completed.files["signed.pdf"])
    path = tmp_path / "signed.zip"
    swapped = {**completed.files, "signed.pdf": completed.files["national.signed.pdf"]}
    signing_requests.write_completed(path, msgspec.structs.replace(completed, files=swapped))
    with pytest.raises(errors.Malformed, match="is not the one that the event commits to"):
        signing_requests.read_completed(path)
    # A refused event leaves no file behind.
    again = msgspec.structs.replace(completed)
    signing_requests.record(night, completed)
    before = sorted((night.path / "reports").iterdir())
    other = signing_requests.complete(request, night.key("service-GB-SRO"), None)
    with pytest.raises(errors.StreamMoved):
        signing_requests.record(night, other)
    assert sorted((night.path / "reports").iterdir()) == before and again == completed


def test_a_file_that_is_no_request_is_refused_whatever_it_says(tmp_path, capsys):
    path = tmp_path / "request.zip"
    with pytest.raises(errors.NotFound):
        signing_requests.read(path)
    path.write_bytes(b"PK\x03\x04 no zip")
    with pytest.raises(errors.Malformed):
        signing_requests.read(path)
    for name in ("../../etc/passwd", "event.py", "/tmp/x"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, b"x")
        with pytest.raises(errors.Malformed, match="has no place in it"):
            signing_requests.read(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("draft.json", b" " * (signing_requests.JSON_BYTES_MAX + 1))
    with pytest.raises(errors.TooLarge):
        signing_requests.read(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("draft.json", b"{}")
    assert "not a signing request" in run(capsys, "signer", "show", path, code=3)


def test_a_draft_is_shown_and_signed_by_the_same_command(night, tmp_path, capsys):
    lines = tmp_path / "line.jsonl"
    data = {"code": "GB-NEW", "nation": "GB", "name": "New"}
    at = format_instant(night.now())
    lines.write_text(json.dumps({"type": "authority.registered", "stream": "REGISTRY", "occurred_at": at, "data": data}) + "\n")
    draft, out, home = tmp_path / "draft.json", tmp_path / "signed.json", ("--home", night.path)
    run(capsys, "draft", "new", lines, "--key", "authority-GB", "--out", draft, *home)
    assert "authority.registered" in run(capsys, "signer", "show", draft, *home)
    run(capsys, "signer", "sign", draft, "--key", "authority-FR", "--out", out, "--yes", *home)
    assert len(json.loads(out.read_text())["envelope"]["signatures"]) == 2
