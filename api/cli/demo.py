"""`entente demo`: an invented night told in four beats, each one screen, one sentence, and one command to look deeper.

The night is the project's own data (api/nights/first-night.json). It is played into a new ledger; the fourth beat's attack is
made on a copy of it.
"""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli.arguments import Commands, Parser, add_command, instant
from api.cli.frame import banner
from api.cli.rendering import paragraph, table
from api.cli.telling import told
from api.cli.words import Words
from ledger import errors

if TYPE_CHECKING:
    from api.cli.session import Session
    from api.home import Home
    from projections.wording.typography import Language

NIGHT = Path(__file__).parent.parent / "nights" / "first-night.json"
AT_0312 = "2015-08-27T02:12:00Z"
LONDON_DAY, PARIS_DAY = date(2015, 8, 26), date(2015, 8, 27)
LONDON_06, PARIS_09 = "2015-08-27T05:00:00Z", "2015-08-27T07:00:00Z"
MERGED, LATE, LANDED = "A38", "A19", "A39"
COPY_SUFFIX = "-tampered"


def add_to(commands: Commands[Parser]) -> None:
    """Add demo."""
    parser = add_command(commands, "demo", run, "an invented night at Calais, told in four beats")
    parser.add_argument("--no-serve", action="store_true", help="stop after printing (this release serves nothing)")
    parser.add_argument("--port", type=int, metavar="N", help="where a console would be served")
    parser.add_argument("--all", action="store_true", help="all figures, pairs, situations and questions as well")
    parser.add_argument("--tamper", action="store_true", help="show the fourth beat's attack statement by statement")


def run(session: Session, arguments: argparse.Namespace) -> int:
    """Play the night and tell it."""
    from api import exercise, issuing

    place = Path(arguments.home) if arguments.home else Path(tempfile.mkdtemp(prefix="entente-demo-"))
    scenario = json.loads(NIGHT.read_text(encoding="utf-8"))
    with session.progress("playing the night") as progress:
        home = exercise.run(place, scenario, progress=progress, documents=issuing.is_set_here())
    with home:
        demo = Demo(home, session.language(), arguments)
        found: dict[str, Any] = {}
        for name, beat in (("intro", demo.intro), ("1", demo.boats), ("2", demo.handset), ("3", demo.two_figures)):
            found[name] = beat()
            if not session.is_json:
                session.tell(demo.take())
        found["4"] = demo.cheat()
        if not session.is_json:
            session.tell(demo.take())
        if arguments.all and not session.is_json:
            from api.cli.demo_rest import rest

            session.tell(rest(demo, scenario))
        session.answer({"exercise": True, "home": str(place), "beats": found}, lambda: demo.outro(all_told=arguments.all))
    is_named = any(problem["position"] == found["4"]["position"] for problem in found["4"]["problems"])
    return 0 if is_named else 1


class Demo:
    """The four beats over one home. Each returns what it found and leaves its screen in `lines`."""

    def __init__(self, home: Home, language: Language, arguments: argparse.Namespace) -> None:
        self.home = home
        self.language = language
        self.words = Words(language)
        self.show_attack: bool = arguments.tamper
        self.lines: list[str] = []
        self.labels = self._positions()

    def take(self) -> list[str]:
        """The lines told so far, once."""
        lines, self.lines = self.lines, []
        return lines

    def told(self, key: str, **values: object) -> str:
        """A phrase in the demonstration's language."""
        return told(self.language, key, **values)

    def screen(self, title: str, story: str, body: list[str], command: str) -> None:
        """One beat: its title, its sentence, its screen, its command."""
        self.lines += ["", *_banner_of(self, title), *paragraph(story, 0), "", *body, ""]
        self.lines.append(f"{self.words.label('deeper')} {self.command(command)}")

    def command(self, words: str, home: Path | None = None) -> str:
        """A command as it can be typed here."""
        program = Path(sys.argv[0])
        name = "entente" if shutil.which("entente") or program.name != "entente" else str(program)
        language = "" if self.language == "en" else f" --lang {self.language}"
        return f"{name} {words}{language} --home {shlex.quote(str(home or self.home.path))}"

    def _positions(self) -> dict[str, int]:
        from ledger import events
        from ledger.formats.entry import split_entry

        found = {}
        for position, entry in self.home.ledger.entries(0, self.home.ledger.head()):
            found[events.decode_header(split_entry(entry)[3]).source.ref or ""] = position
        return found

    def _recorded(self, label: str, nation: str) -> str:
        from ledger.formats.entry import format_instant

        return self.words.clock(format_instant(self.home.ledger.recorded_at(self.labels[label])), nation)

    # -- the beats -----------------------------------------------------------------------------------------------------------

    def intro(self) -> dict[str, Any]:
        """What was played."""
        entries = self.home.ledger.head()
        self.lines += [*banner(self.words, self.home), self.told("intro", entries=entries)]
        return {"entries": entries}

    def boats(self) -> dict[str, Any]:
        """03:12, London: two boats."""
        from api.cli.situation import situation_screen

        answer = self.home.view("GB").at(instant(AT_0312)).situation()
        body = situation_screen(self.words, self.home, answer)[1:]
        story = self.told("story 1", merged=self._recorded(MERGED, "GB"))
        self.screen(self.told("title 1"), story, body, f"situation gb --as-of {AT_0312}")
        return {"open_distress": answer["open_distress"], "unconfirmed_distress": answer["unconfirmed_distress"]}

    def handset(self) -> dict[str, Any]:
        """06:00, London: the report says 10; at 07:10 Entente says 12."""
        from api.cli.report import drift_lines, show_screen
        from api.cli.report import issued as reports_at
        from api.report_files import path_of
        from api.texts import text_of
        from projections.reports.drift import drift

        now = self.home.view("GB").at(None)
        day = LONDON_DAY.isoformat()
        issued = next(r for r in reports_at(now) if (r["nation"], r["day"]) == ("GB", day))
        drifted = [r for r in drift(now) if r["day"] == day]
        explained = now.explain("G1", LONDON_DAY)
        late = next(line for line in explained["lines"] if line["label"] == LATE)
        reason = text_of(self.home, late["position"], "GB").get("late_reason", "")
        shown = [f"* {self.told('as issued')}", *show_screen(self.words, self.home, issued)[1:5]]
        at = {name: self.words.instant(late[name], "GB") for name in ("occurred_at", "recorded_at")}
        document = path_of(self.home, issued["event"], "signed.pdf")
        if document.is_file():
            shown.append(self.told("the document", path=document))
        told_late = [
            f"{late['label']} ({self.told('no. of', position=late['position'])}, {late['authority']}): +{late['quantity']}",
            f"{self.told('happened', at=at['occurred_at'])}, {self.told('was recorded', at=at['recorded_at'])}",
            self.told("reason", text=reason),
        ]
        body = [
            *shown,
            *drift_lines(self.words, "GB", drifted),
            "",
            f"* {self.told('the late one')}",
            *(f"  {t}" for t in told_late),
        ]
        reported = issued["figures"]["G1"]
        clock = self._recorded(LATE, "GB")
        story = self.told("story 2", reported=reported, late=clock, more=late["quantity"], now=explained["value"])
        self.screen(self.told("title 2", reported=reported), story, body, f"explain gb G1 --day {day}")
        return {"reported": reported, "now": explained["value"], "revision_due": bool(drifted), "because_of": LATE}

    def two_figures(self) -> dict[str, Any]:
        """09:00, Calais: Paris says 31, and why."""
        from api.cli.reconcile import reconcile_screen, total
        from projections.differences import reconcile

        gb, fr = self.home.view("GB").at(instant(LONDON_06)), self.home.view("FR").at(instant(PARIS_09))
        answer = reconcile("P2", gb, LONDON_DAY, fr, PARIS_DAY)
        body = reconcile_screen(self.words, self.home, answer)[1:]
        story = self.told("story 3", paris=answer["to"], london=answer["from"], total=total(self.words, answer))
        command = f"reconcile P2 --gb-day {LONDON_DAY} --gb-as-of {LONDON_06} --fr-day {PARIS_DAY} --fr-as-of {PARIS_09}"
        self.screen(self.told("title 3", paris=answer["to"]), story, body, command)
        return {"from": answer["from"], "to": answer["to"], "steps": answer["steps"], "unexplained": answer["unexplained"]}

    def cheat(self) -> dict[str, Any]:
        """An attack on a copy, found; and the honest correction."""
        from api.cli.tampering import BECAME, WAS, tamper
        from api.home import Home
        from api.verifying import verify_home

        copy = self.home.path.with_name(self.home.path.name + COPY_SUFFIX)
        if copy.exists():
            raise errors.BadQuestion(f"{copy} is there already", field="--home", remedy="delete it, or name another home")
        self.home.close()
        shutil.copytree(self.home.path, copy)
        position = self.labels[LANDED]
        statements = tamper(copy / "ledger.sqlite", position)
        with Home(copy, self.home.settings) as tampered:
            answer = verify_home(tampered)
        values = {"was": WAS, "became": BECAME, "position": position, "label": LANDED}
        problems = [[self.told("no. of", position=p["position"]), p["what"]] for p in answer["problems"]]
        body = [*paragraph(self.told("attack", **values), 0), *([*(f"  {s}" for s in statements)] if self.show_attack else [])]
        body += ["", f"* {self.told('verify says')}", *table(problems), "", f"* {self.told('honest')}", *self._honest(position)]
        self.screen(self.told("title 4"), self.told("story 4", **values), body, "explain fr F4 --day 2015-08-27")
        self.lines.append(f"{' ' * 4}{self.command('verify', copy)}")
        return {"ok": answer["ok"], "position": position, "problems": answer["problems"], "tampered_home": str(copy)}

    def _honest(self, position: int) -> list[str]:
        """The first statement and, beside it, the correction: by whom, when, why."""
        from api.texts import text_of
        from ledger import events
        from ledger.formats.entry import split_entry

        rows: list[list[str | int | None]] = []
        recorded_at, stream, _, payload = split_entry(self.home.ledger.entry(position))
        first = events.decode(payload)
        at = self.words.instant(recorded_at, "FR")
        rows.append([LANDED, position, f"{self.told('first stated')} {first.data.persons}", first.header.authority, at, ""])
        for later, entry in self.home.ledger.stream_entries(stream):
            recorded_at, _, _, payload = split_entry(entry)
            event = events.decode(payload)
            if event.header.type == "correction.recorded" and event.data.target == first.header.id:
                patch: Mapping[str, Any] = dict(event.data.patch or {})
                reason = text_of(self.home, later, "FR").get("reason", "")
                at = self.words.instant(recorded_at, "FR")
                what = f"{self.told('corrected to')} {patch.get('persons')}"
                rows.append([event.header.source.ref, later, what, event.header.authority, at, reason])
        return table(rows, align="lr")

    def outro(self, *, all_told: bool) -> Iterator[str]:
        """What stays, and what there is besides."""
        yield ""
        yield self.told("stays", home=self.home.path)
        yield self.told("no console")
        if not all_told:
            yield self.told("more")


def _banner_of(demo: Demo, title: str) -> list[str]:
    """A beat's title with the word that this is an exercise."""
    return ["* " + "─" * 8, f"* {title} · {demo.words('exercise')}"]
