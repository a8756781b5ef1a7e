"""A report from the command to the signed document, and over HTTP: signed where the official is, kept where the ledger is."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from api import authoring, documents, issuing, report_files
from api.home import Home
from api.registrar import Registrar, sealers
from ledger.formats import envelope
from ledger.formats.entry import format_instant
from ledger.formats.keys import DocumentKey
from tests.served import Service, serving

WHY = {"Entente-Purpose": "report", "Entente-Motif": "the daily bulletin"}
BULLETIN = ("report", "issue", "fr", "--day", "2015-08-27", "--withhold", "F8:size")
Run = Callable[..., tuple[int, str, str]]


def answer(run: Run, home: Home, *argv: str, code: int = 0) -> dict[str, Any]:
    found, said, wrong = run(*argv, "--json", "--home", home.path)
    assert found == code, wrong or said
    answered: dict[str, Any] = json.loads(said)
    return answered


def states(verified: dict[str, Any]) -> dict[str, str]:
    return {check["what"]: check["state"] for check in verified["reports"][0]["checks"]}


def test_a_bulletin_is_issued_in_two_signed_editions_and_what_was_issued_is_noticed_when_changed(
    first_night: Home, run: Run
) -> None:
    made = answer(run, first_night, *BULLETIN)
    event = made["receipt"]["event_id"]
    kinds = [f"{prefix}{kind}" for prefix in ("", "national.") for kind in ("content.json", "signed.pdf", "unsigned.pdf")]
    assert sorted(Path(path).name.removeprefix(f"{event}.") for path in made["documents"]) == sorted(kinds)
    told = states(answer(run, first_night, "report", "verify", "fr", event))
    assert "wrong" not in told.values()
    for kind in ("signed.pdf", "national.signed.pdf", "signature of the document", "national.signature of the document"):
        assert told[kind] == "ok"
    signed = first_night.path / "reports" / f"{event}.signed.pdf"
    shown = subprocess.run(["pdfsig", signed], capture_output=True, text=True, timeout=60, check=False).stdout
    assert "Signature Validation: Signature is Valid." in shown and "FR-SRO" in shown
    body = bytearray(signed.read_bytes())
    body[len(body) // 3] ^= 1
    signed.write_bytes(body)
    told = states(answer(run, first_night, "report", "verify", "fr", event, code=1))
    assert (told["signed.pdf"], told["signature of the document"]) == ("wrong", "wrong")
    assert told["unsigned.pdf"] == told["national.signed.pdf"] == "ok"
    code, screen, _ = run("report", "verify", "fr", event, "--home", first_night.path, "--lang", "fr")
    assert code == 1 and "signature du document" in screen and "dans le bulletin, " in screen
    assert "The " not in screen and " in the report" not in screen


def test_the_key_that_signed_a_document_is_told_from_the_log(first_night: Home, run: Run) -> None:
    """The certificate says whose key it is; the log says it too once it is on record, and nobody takes that back unseen."""
    registrar = Registrar(first_night)

    def issued_by(code: int = 0) -> tuple[str, dict[str, Any]]:
        first_night.projector("FR").follow()
        event = answer(run, first_night, *BULLETIN[:5])["receipt"]["event_id"]
        (told,) = answer(run, first_night, "report", "verify", "fr", event, code=code)["reports"]
        found = {check["what"]: check for check in told["checks"]}
        assert found["signature of the document"]["state"] == "ok"
        return event, found["key of the document"]

    first, nobody = issued_by()
    assert nobody["state"] == "not_here" and "clé de document" in nobody["told"]["fr"]
    own = DocumentKey.load(first_night.path / "keys" / "documents" / "FR-SRO.pem")
    registrar.register_held("GB-SRO", "GB", DocumentKey.generate())
    assert issued_by()[1]["state"] == "not_here", "another nation's key is nobody's here"
    receipt = registrar.register_held("FR-SRO", "FR", own)
    _, found = issued_by()
    assert found["state"] == "ok" and found["told"]["en"] == f"of FR-SRO, on record at no. {receipt.position}"
    (again,) = answer(run, first_night, "report", "verify", "fr", first)["reports"]
    assert {c["what"]: c["state"] for c in again["checks"]}["key of the document"] == "not_here", "it was not on record then"
    registrar.state("key.revoked", "KEYS", {"key": own.key_id}, ["FR"])
    assert issued_by()[1]["state"] == "not_here"
    registrar.register_held("FR-SRO", "FR", DocumentKey.generate())
    assert issued_by(1)[1]["state"] == "wrong"


def test_a_document_is_renewed_beside_what_was_signed(first_night: Home, run: Run, tmp_path: Path) -> None:
    event = answer(run, first_night, *BULLETIN)["receipt"]["event_id"]
    folder = first_night.path / "reports"
    signed = {kind: (folder / f"{event}.{kind}").read_bytes() for kind in ("signed.pdf", "national.signed.pdf")}
    early = answer(run, first_night, "report", "renew", event)["documents"]
    assert [(row["kind"], row["lasts_until"], row["problem"]) for row in early] == [
        (kind, None, None) for kind in sorted(signed)
    ]
    assert not list(folder.glob("*renewed*"))
    for length in (1, 2):
        renewed = answer(run, first_night, "report", "renew", "all", "--within", "36500")["documents"]
        assert {row["kind"] for row in renewed} == signed.keys() and all(row["sha256"] for row in renewed)
        for kind, before in signed.items():
            body = (folder / f"{event}.{kind.replace('signed', 'renewed')}").read_bytes()
            assert (folder / f"{event}.{kind}").read_bytes() == before and body.startswith(before)
            assert len(documents.verify(first_night, body).stamped_at) == 1 + length
    told = states(answer(run, first_night, "report", "verify", "fr", event))
    assert told["renewed.pdf"] == told["national.renewed.pdf"] == told["signature of the document"] == "ok"
    out = tmp_path / "shown.pdf"
    assert answer(run, first_night, "report", "document", "fr", event, "--out", str(out))["signed"]
    assert out.read_bytes() == (folder / f"{event}.renewed.pdf").read_bytes()
    shown = subprocess.run(["pdfsig", out], capture_output=True, text=True, timeout=60, check=False).stdout
    assert "Signature Validation: Signature is Valid." in shown
    require_spoilt_renewals_found(first_night, run, folder / f"{event}.renewed.pdf", event)


def require_spoilt_renewals_found(home: Home, run: Run, path: Path, event: str) -> None:
    """One byte of what was signed, one of what came after: each is found, and what was signed still stands."""
    body = path.read_bytes()
    signed = path.with_name(f"{event}.signed.pdf").read_bytes()
    for at, kind in (
        (len(signed) // 3, "renewed.pdf"),
        (len(body) - (len(body) - len(signed)) // 2, "signature of the document"),
    ):
        spoilt = bytearray(body)
        spoilt[at] ^= 1
        path.write_bytes(spoilt)
        told = states(answer(run, home, "report", "verify", "fr", event, code=1))
        assert told[kind] == "wrong" and told["signed.pdf"] == "ok"
        if kind != "renewed.pdf":
            within = ("--within", "36500")
            told_of = answer(run, home, "report", "renew", event, *within, code=1)["documents"]
            (failed,) = [row for row in told_of if row["problem"]]
            assert "cannot be renewed" in failed["problem"]
    code, _, wrong = run("report", "renew", "no-such", "--home", home.path)
    assert code == 2 and "REPORT" in wrong


def test_the_document_is_handed_out_in_every_form_and_language(first_night: Home, run: Run, tmp_path: Path) -> None:
    event = answer(run, first_night, *BULLETIN)["receipt"]["event_id"]
    for form, start in (("pdf", b"%PDF-"), ("html", b"<!doctype html>"), ("json", b"{")):
        for edition in ("shared", "national"):
            out = tmp_path / f"{edition}.{form}"
            told = answer(
                run, first_night, "report", "document", "fr", event, "--form", form, "--edition", edition, "--out", str(out)
            )
            assert out.read_bytes().startswith(start) and told["signed"] == (form == "pdf")
    out = tmp_path / "en.pdf"
    assert not answer(run, first_night, "report", "document", "fr", event, "--out", str(out), "--lang", "en")["signed"]
    said = subprocess.run(["pdftotext", out, "-"], capture_output=True, text=True, timeout=60, check=True).stdout
    assert "Protected and harmed" in said and "1 of it sealed" in said


def test_a_live_official_names_a_key_and_a_figure_that_is_there(first_night: Home, run: Run) -> None:
    for argv, named in (
        ((*BULLETIN[:-1], "F99"), "withhold"),
        ((*BULLETIN[:-1], "F1"), "withhold"),
        ((*BULLETIN[:-1], "F8:all"), "--withhold"),
        ((*BULLETIN[:-2], "--status", "provisional"), "status"),
        ((*BULLETIN[:-2], "--key", "service-GB-SRO"), "key_id"),
        ((*BULLETIN[:-2], "--document-key", "nowhere.pem", "--certificate", "nowhere.crt"), "nowhere"),
    ):
        before = first_night.reader.head()
        code, _, said = run(*argv, "--home", first_night.path)
        assert code in (2, 3) and named in said, (argv, said)
        assert first_night.reader.head() == before and not list((first_night.path / "reports").iterdir())


# -- over HTTP ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def service(first_night: Home) -> Iterator[Service]:
    with serving(first_night) as served:
        yield served


def ask(service: Service, method: str, path: str, who: str, body: bytes = b"", **headers: str) -> Any:
    return service.client.request(
        method, f"/v1/views/{path}", content=body, headers=service._headers(who, {**WHY, **headers})
    )  # fmt: skip


def drafted(service: Service, who: str = "FR official", **asked: Any) -> Any:
    body = json.dumps({"day": "2015-08-27", "status": "revised", **asked}).encode()
    return ask(service, "POST", "fr/reports/drafts", who, body)


def test_the_official_signs_at_home_what_the_service_drafted(service: Service) -> None:
    """The service gets no key: the draft goes out, the event comes back signed, and each document as the event has it."""
    home = service.home
    made = drafted(service, withhold={"F8": True}).json()
    assert made["sealed"]["F8"] == {"value": 2, "communicated": 1, "events": made["sealed"]["F8"]["events"]}
    assert [row["edition"] for row in made["documents"]] == ["shared", "national"]
    sign = issuing.signer_of(home, "FR-SRO", None, None)
    unsigned, documents = made["unsigned"], {}
    for row in made["documents"]:
        pdf = base64.b64decode(row["pdf"])
        assert report_files.digest(pdf) == row["sha256"]
        documents[report_files.file_kind(row["edition"], "signed.pdf")] = signed = sign(pdf)
        part = unsigned["data"] if row["edition"] == "shared" else unsigned["national"]["FR"]
        part["signed_pdf_sha256"] = report_files.digest(signed)
        documents[report_files.file_kind(row["edition"], "content.json")] = json.dumps(row["content"]).encode()
    author = authoring.Author("FR-SRO", "FR", home.key("service-FR-SRO"))
    item = authoring.compose(unsigned, author, home.settings.origin, sealers(home), home.now())
    recorded = service.post(envelope.format_item(item), "FR official")
    assert recorded.status_code == 201, recorded.text
    event = recorded.json()["event_id"]
    home.projector("FR").follow()
    for kind in ("signed.pdf", "national.signed.pdf"):
        path = f"fr/reports/{event}/documents/{kind}"
        assert ask(service, "PUT", path, "FR official", b"%PDF-another").status_code == 400
        for other in ("FR auditor", "GB official"):
            assert ask(service, "PUT", path, other, documents[kind]).status_code == 403
        assert ask(service, "PUT", path, "FR official", documents[kind]).status_code == 200
    assert ask(service, "PUT", f"fr/reports/{event}/documents/../../x", "FR official", b"x").status_code in (400, 404, 405)
    found = ask(service, "GET", f"fr/reports/{event}/verification", "FR auditor").json()
    assert found["ok"] and {c["what"]: c["state"] for c in found["checks"]}["signature of the document"] == "ok"
    home.projector("GB").follow()
    got = ask(service, "GET", f"gb/reports/{event}/document", "GB auditor")
    assert got.content == documents["signed.pdf"] and got.headers["content-type"] == "application/pdf"
    assert ask(service, "GET", f"gb/reports/{event}/document?edition=national", "GB official").status_code == 404
    own = ask(service, "GET", f"fr/reports/{event}/document?edition=national", "FR official")
    assert own.content == documents["national.signed.pdf"]


def test_without_a_reason_nobody_gets_the_national_edition(service: Service) -> None:
    plain = {"Entente-Purpose": "", "Entente-Motif": ""}
    body = json.dumps({"day": "2015-08-27", "status": "revised"}).encode()
    made = ask(service, "POST", "fr/reports/drafts", "FR official", body, **plain).json()
    assert made["covered"] and made["unsigned"] is None and [row["edition"] for row in made["documents"]] == ["shared"]
    assert made["sealed"]["F8"]["events"] == []


def test_drift_is_told_with_its_events_and_a_list_says_what_followed(service: Service) -> None:
    home = service.home
    (row,) = [r for r in ask(service, "GET", "gb/reports/drift", "GB auditor").json()["rows"] if r["day"] == "2015-08-26"]
    assert [(c["code"], c["reported"], c["now"], [e["label"] for e in c["events"]]) for c in row["changes"]] == [
        ("G1", 10, 12, ["A19"])
    ]
    said = {"type": "report.received", "stream": "REPORT-GB-2015-08-26", "occurred_at": format_instant(home.now())}
    author = authoring.Author("FR-SRO", "FR", home.key("service-FR-SRO"))
    item = authoring.compose(
        {**said, "data": {"report": row["event"]}}, author, home.settings.origin, sealers(home), home.now()
    )  # fmt: skip
    assert service.post(envelope.format_item(item), "FR official").status_code == 201
    for nation in ("GB", "FR"):
        home.projector(nation).follow()
        rows = ask(service, "GET", f"{nation.lower()}/reports?day=2015-08-26", f"{nation} auditor").json()["rows"]
        assert [(r["nation"], r["revision"], [s["step"] for s in r["steps"]]) for r in rows] == [("GB", 0, ["received"])]


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"day":1}', b'{"day":"2015-08-27","x":1}', b'{"day":"2015-13-01"}', b"{" * 9_000]
)
def test_a_draft_that_is_none_is_a_problem_that_names_what_is_wrong(service: Service, body: bytes) -> None:
    answered = ask(service, "POST", "fr/reports/drafts", "FR official", body)
    assert answered.status_code == 400 and answered.headers["content-type"].startswith("application/problem+json")


def test_what_the_official_signed_on_another_machine_is_recorded_as_it_was_signed(
    first_night: Home, run: Run, tmp_path: Path
) -> None:  # fmt: skip
    key = first_night.key("service-FR-SRO").key_id[:16]
    asked, signed = tmp_path / "asked.zip", tmp_path / "signed.zip"
    answer(run, first_night, "report", "request", *BULLETIN[2:], "--official", key, "--out", str(asked))
    answer(run, first_night, "signer", "sign", str(asked), "--key", "service-FR-SRO", "--yes", "--out", str(signed))
    assert run("report", "record", "fr", asked, "--home", first_night.path)[0] == 3
    event = answer(run, first_night, "report", "record", "fr", str(signed))["receipt"]["event_id"]
    told = states(answer(run, first_night, "report", "verify", "fr", event))
    assert (
        told["signature of the document"] == told["national.signature of the document"] == told["national.signed.pdf"] == "ok"
    )
    assert "wrong" not in told.values()


def test_a_series_tells_what_was_reported_and_what_is_believed_and_a_comparison_why(service: Service) -> None:
    path = "gb/figures/G1/series?from=2015-08-25&to=2015-08-27"
    rows = ask(service, "GET", path, "GB auditor").json()["rows"]
    assert [(r["first"], r["last"], r["now"], r["moved"]) for r in rows] == [
        (None, None, 0, False), (10, 10, 12, True), (11, 11, 11, False),
    ]  # fmt: skip
    path = "gb/comparison?day=2015-08-26&from=2015-08-27T05:00:00Z&to=2015-09-02T05:00:00Z"
    (row,) = ask(service, "GET", path, "GB auditor").json()["rows"]
    assert (row["code"], row["before"], row["after"], [e["label"] for e in row["events"]]) == ("G1", 10, 12, ["A19"])
    for wrong in ("gb/figures/G1/series?from=2015-08-27&to=2015-08-25", "gb/figures/G1/series?from=2010-01-01&to=2015-08-25"):
        assert ask(service, "GET", wrong, "GB auditor").status_code == 400
