"""The log itself: `init`, `checkpoint`, `cosign`, `export tiles`, `verify`, `sample`."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli.arguments import NATIONS, Commands, Parser, Usage, add_command, add_group, count, instant
from api.cli.bracket import second
from api.cli.exercise import DATABASES, add_databases
from api.cli.rendering import table
from ledger import errors

if TYPE_CHECKING:
    from api.cli.session import Session
    from api.home import Home
    from ledger.formats.envelope import Submitted
    from ledger.formats.policy import Witness

ORIGIN = "entente.example/joint"
SITES = ("london", "paris")
NO = 1
CHECKED = {
    "entries": "entries re-hashed", "signatures": "signatures verified", "keys": "keys in the ring", "lives": "steps of lives",
    "indexes": "indexes of streams made again",
    "columns": "rows compared with their entries", "sections": "sections matched", "wraps_opened": "wraps opened",
    "checkpoints": "checkpoints verified", "tiles": "tiles compared",
    "cosigned_times": "co-signatures' times compared with what they cover", "timestamps": "time stamps verified",
}  # fmt: skip


def add_to(commands: Commands[Parser]) -> None:
    """Add init, checkpoint, cosign, export, verify, sample."""
    init = add_command(commands, "init", run_init, "a new ledger in an empty home", "Makes the first keys and entries.")
    init.add_argument("--origin", default=ORIGIN, help=f"the log's name, for good (default {ORIGIN})")
    init.add_argument("--exercise", action="store_true", help="an exercise: it says so everywhere, and may be told the time")
    init.add_argument("--site", choices=SITES, metavar="{london|paris}", help="a nation's own home: it mirrors, and cosigns")
    init.add_argument(
        "--witnesses", type=Path, action="append", default=[], metavar="FILE",
        help="the witnesses.txt of a site's own home, once each; without them both cosigners are in this home",
    )  # fmt: skip
    init.add_argument(
        "--opening", type=Path, metavar="DRAFT",
        help="the first entry as both nations signed it, each with a key of its own (entente draft opening); no key is made",
    )  # fmt: skip
    add_databases(init)
    add_command(commands, "checkpoint", run_checkpoint, "the newest checkpoint, who co-signed it, and the tail not yet final")
    cosign = add_command(commands, "cosign", run_cosign, "let a local cosigner re-hash what is new and co-sign it")
    cosign.add_argument("site", choices=SITES, metavar="{london|paris}")
    export = add_group(commands, "export", "write the log in forms that others read")
    tiles = add_command(export, "tiles", run_export, "the log as static files (C2SP tlog-tiles), with checkpoint and policy")
    tiles.add_argument("folder", metavar="DIR", type=Path)
    tiles.add_argument(
        "--for", dest="site", choices=SITES, metavar="{london|paris}", help="with the sections that this site's mirror holds"
    )
    verify = add_command(commands, "verify", run_verify, "re-hash and re-check everything; say what was covered, what is wrong")
    verify.add_argument("folder", metavar="DIR", nargs="?", help="a home, or a folder of exported tiles (else --home)")
    verify.add_argument("--policy", metavar="FILE", type=Path, help="for exported tiles: a policy file from elsewhere")
    verify.add_argument("--predecessor", metavar="HOME", type=Path, help="the home of the log that it continues, to compare")
    sample = add_command(
        commands, "sample", run_sample, "a reproducible audit sample, each entry with its evidence",
        "The same seed draws the same positions from the same checkpoint on any machine: position k of the draw comes from "
        "SHA-256 of the seed and a counter (ledger/evidence/sample.py), so that nobody can choose what the auditor sees.",
    )  # fmt: skip
    sample.add_argument("--n", type=count, default=60, help="how many entries (default 60)")
    sample.add_argument("--seed", required=True, metavar="CHECKPOINT", help="the root of a checkpoint, base64 or hex")
    sample.add_argument("--from", type=instant, dest="begin", metavar="INSTANT", help="only what was recorded from then on")
    sample.add_argument("--to", type=instant, dest="end", metavar="INSTANT", help="only what was recorded before then")


def run_init(session: Session, arguments: argparse.Namespace) -> int:
    """Make a home and open its log."""
    from api import drafts
    from api.home import Home
    from api.policies import adopt_first
    from api.registrar import Registrar
    from api.settings import Settings
    from ledger import events

    urls = {name: getattr(arguments, name) for name in DATABASES}
    if arguments.site and arguments.opening is not None:
        raise Usage(arguments.command, "--opening opens a log where it is made; a site mirrors one")
    opening = None if arguments.opening is None else drafts.opens(drafts.read(arguments.opening), arguments.origin)
    exercise = arguments.exercise if opening is None else bool(events.decode(opening.payload).data.exercise)
    settings = Settings(arguments.origin, exercise, site=arguments.site or "", **urls)
    with Home.create(session.path, settings, witnesses=_witnesses(arguments.witnesses)) as home:
        if settings.site:
            session.answer({"home": str(home.path), **_site_made(home)}, lambda: _site_told(home))
            return 0
        if opening is not None:
            _open(home, opening)
        else:
            registrar = Registrar(home)
            registrar.open_log(exercise=exercise)
            adopt_first(home, registrar)
        for nation in NATIONS.values():
            home.projector(nation).follow()
        for site in home.sites:
            home.cosign(site)
        document = {"home": str(home.path), "origin": arguments.origin, "exercise": exercise}
        document["entries"] = home.ledger.head()
        session.answer(document, lambda: [*exercise_line(exercise=exercise), *_opened(document, by_both=opening is not None)])
    return 0


def _open(home: Home, opening: Submitted) -> None:
    """Record the first entry. Where it is refused nothing is left of the home: there is nothing in it yet."""
    try:
        home.ledger.append(opening)
    except errors.EntenteError:
        home.close()
        shutil.rmtree(home.path)
        raise


def _opened(document: Mapping[str, Any], *, by_both: bool) -> list[str]:
    where = f"{document['origin']} is open in {document['home']}: {document['entries']} entries"
    if by_both:
        return [
            f"{where}, as both nations signed it; no key of theirs is here.",
            "Each now drafts the registration of its sealer and its sealing key, and both adopt policy.txt (entente draft).",
        ]
    return [
        f"{where}, the first one and both nations' keys.",
        "This home holds both nations' keys, for use on one machine; in production each keeps its own (see keys/README).",
    ]


def _witnesses(files: Iterable[Path]) -> dict[str, Witness]:
    """The witnesses that sites' own homes name."""
    from ledger.formats.policy import parse_policy

    return {name: w for file in files for name, w in parse_policy(file.read_bytes() + b"quorum none\n").witnesses.items()}


def _site_made(home: Home) -> dict[str, Any]:
    from api.home import WITNESSES

    return {"origin": home.settings.origin, "site": home.settings.site, "witnesses": f"{home.settings.site}/{WITNESSES}"}


def _site_told(home: Home) -> list[str]:
    made = _site_made(home)
    return [
        *exercise_line(exercise=home.settings.exercise),
        f"{home.path} is {made['site']}'s own home for {made['origin']}. Its cosigner's keys stay here.",
        f"Hand {made['witnesses']} to whoever writes the policy, and put the policy that both nations approved in policy.txt.",
        "keys/ takes this nation's private sealing key (sealing-GB.pem, sealing-FR.pem); then: entente mirror",
    ]


def run_checkpoint(session: Session, arguments: argparse.Namespace) -> int:
    """Print the newest checkpoint."""
    with session.home() as home:
        document = newest(home)
        session.answer(document, lambda: _told(document))
    return 0


def newest(home: Home) -> dict[str, Any]:
    """The newest checkpoint, who co-signed it, and the tail: what no final one covers yet, since when, and who is behind."""
    import base64

    signed = home.reader.signed_checkpoint()
    verified = home.policy().verify(signed)
    checkpoint = verified.checkpoint
    return {
        "origin": checkpoint.origin, "exercise": home.settings.exercise, "size": checkpoint.size,
        "root": base64.b64encode(checkpoint.root).decode(), "final": verified.final, "cosigned": sorted(verified.cosigned),
        **home.finality().standing(), "note": signed.decode("utf-8", "replace"),
    }  # fmt: skip


def _told(document: dict[str, Any]) -> Iterable[str]:
    tail = document["tail"]
    state = "final" if document["final"] else "not final"
    cosigned = ", ".join(document["cosigned"]) or "nobody yet"
    return [
        *exercise_line(exercise=document["exercise"]),
        f"checkpoint {document['size']} of {document['origin']}, {state}; co-signed by {cosigned}",
        f"tail: {tail['entries']} entries not yet final" + (f", the oldest since {tail['since']}" if tail["since"] else ""),
        *(f"  {who} has co-signed {at['size']}, and nothing since {at['since']}" for who, at in document["behind"].items()),
        "",
        *document["note"].rstrip("\n").split("\n"),
    ]


def run_cosign(session: Session, arguments: argparse.Namespace) -> int:
    """Co-sign with one local cosigner."""
    with session.home() as home:
        size = home.cosign(arguments.site)
        final = home.policy().verify(home.ledger.signed_checkpoint(size)).final
        document = {"site": arguments.site, "size": size, "final": final, "exercise": home.settings.exercise}
        state = "final" if final else "not final until the other has co-signed too"
        line = f"{arguments.site} re-hashed and co-signed the checkpoint of {size} entries: {state}"
        session.answer(document, lambda: [line])
    return 0


def run_export(session: Session, arguments: argparse.Namespace) -> int:
    """Export the log."""
    from api.home import SITES as NATION_OF
    from ledger.evidence.export import export_checkpoints, export_companions, export_tiles
    from ledger.evidence.offering import Offering

    with session.home() as home:
        with session.progress("exported") as progress:
            size = export_tiles(home.ledger, arguments.folder, home.policy_path.read_bytes(), progress=progress)
        offering = Offering(home.held, home.policy(), NATION_OF.get(arguments.site, ""))
        export_checkpoints(offering, arguments.folder)
        if arguments.site:
            export_companions(offering, arguments.folder, size)
        files = sum(1 for path in arguments.folder.rglob("*") if path.is_file())
        line = f"{size} entries in {files} files in {arguments.folder}; policy.txt says whose word makes it final"
        document = {"size": size, "folder": str(arguments.folder), "files": files, "exercise": home.settings.exercise}
        session.answer(document, lambda: [line])
    return 0


def run_verify(session: Session, arguments: argparse.Namespace) -> int:
    """Verify a home, or an exported folder of tiles; 1 where anything is wrong."""
    from api.verifying import verify_export, verify_home

    folder = Path(arguments.folder) if arguments.folder is not None else None
    if folder is not None and (folder / "checkpoint").is_file():
        with session.progress("verified") as progress:
            answer = verify_export(folder, arguments.policy, progress)
        answer = {**answer, "exercise": False}
        session.answer(answer, lambda: [*verified_lines(answer), f"Policy: {answer['policy']}."])
        return 0 if answer["ok"] else NO
    if arguments.folder is not None:
        arguments.home = arguments.folder
    with session.home() as home:
        with session.progress("verified") as progress:
            answer = verify_home(home, progress)
        if arguments.predecessor is not None:
            _compare_predecessor(home, arguments.predecessor, answer)
        answer = {**answer, "exercise": home.settings.exercise}
        session.answer(answer, lambda: verified_lines(answer))
    return 0 if answer["ok"] else NO


def _compare_predecessor(home: Home, folder: Path, answer: dict[str, Any]) -> None:
    """Add what contradicts the log that this one continues."""
    from api.home import Home
    from api.succession import check_predecessor

    with Home.open(folder) as old:
        found = check_predecessor(home, old)
    answer["problems"] += found
    answer["ok"] = answer["ok"] and not found
    answer["checked"]["predecessor"] = not found


def verified_lines(answer: dict[str, Any]) -> list[str]:
    """What was covered, then what is wrong and where."""
    checked = answer["checked"]
    rows = [[checked[name], what] for name, what in CHECKED.items() if name in checked]
    lines = exercise_line(exercise=answer["exercise"])
    lines += ["* Checked", *table(rows, align="rl")]
    cosigned = ", ".join(checked["cosignatures"]) or "nobody"
    views = f"; views derived again: {', '.join(checked['views'])}" if checked["views"] else ""
    lines.append(f"  co-signed by {cosigned}{views}")
    stamps = answer.get("timestamps", {})
    if weak := stamps.get("lapsed", 0) + stamps.get("unchecked", 0):
        lines.append(f"  {weak} time stamps have lapsed, or cannot be checked here: entente timestamp --list says which")
    if answer["ok"]:
        return [*lines, "", f"OK: {answer['entries']} entries, and nothing is wrong."]
    problems = [[f"no. {problem['position']}", problem["what"]] for problem in answer["problems"]]
    found = f"{len(problems)} problem" + ("s" if len(problems) > 1 else "")
    return [*lines, "", f"* NOT OK: {found}", *table(problems)]


def run_sample(session: Session, arguments: argparse.Namespace) -> int:
    """Draw a sample; 1 where an entry does not verify."""
    from api.cli.sampling import draw

    with session.home() as home:
        document = draw(home, arguments.n, arguments.seed, arguments.begin, arguments.end)
        session.answer(document, lambda: sampled_lines(document))
    if not document["ok"]:
        raise errors.BadProof("an entry of the sample is not in the tree of its checkpoint", remedy="run entente verify")
    return 0


def sampled_lines(document: dict[str, Any]) -> list[str]:
    """The sample as a table: each entry, by when both nations had co-signed it, and whether its proof held."""
    checkpoint = document["checkpoint"]
    state = "final" if checkpoint["final"] else "not final"
    rows = []
    for row in document["sample"]:
        held = "yes" if row["proof"]["verified"] else "NO"
        by = second(row["bracket"]["not_after"]["at"] or "not yet")
        rows.append([row["position"], row["label"], row["type"], row["recorded_at"], by, f"{row['leaf_hash'][:16]}…", held])
    first = f"{len(rows)} of {document['population']} entries, drawn by the seed {document['seed'][:16]}…,"
    return [
        *exercise_line(exercise=document["exercise"]),
        f"{first} each proven in the checkpoint of {checkpoint['size']} ({state})",
        *table(rows, ("No.", "Ref.", "Type", "Recorded", "Co-signed by both", "Leaf hash", "In the tree"), "r"),
    ]


def exercise_line(*, exercise: bool) -> list[str]:
    """The first line of whatever an exercise prints outside a view."""
    return ["EXERCISE – invented"] if exercise else []
