"""Every question that there is a route for, and who is answered: interfaces.md section 5 as a table, route by route.

Whoever is not in `to` of a question is refused. A question is put by everybody, and where it is about a view with a reason and
without one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from api.exports.routes import FILES
from api.tokens import Holder
from ledger.events import NEWEST
from ledger.formats.entry import format_instant, parse_instant
from projections.reconciliation import PAIRS
from tests.canaries import NATIONS, OPENERS, Marked
from tests.served import HOLDERS

PARIS, BOTH, NOBODY, STRANGER = "paris", "inquiry of both", "nobody", "stranger"
MORE = {PARIS: Holder("mirror", "paris"), BOTH: Holder("inquiry", "inquiry-2")}
WHO = (*HOLDERS, *MORE, NOBODY, STRANGER)
"""Everybody who may ask, one without a token, and one with a token that nobody made."""
MIRRORS = ("mirror", PARIS)
VIEWERS = {n: tuple(f"{n} {role}" for role in ("official", "duty_officer", "auditor", "liaison")) for n in NATIONS}
MANDATED = {"GB": ("inquiry", BOTH), "FR": ("oversight", BOTH)}
"""London gave the inquiry a mandate over its view, Paris the oversight body one over its own, both a second inquiry one."""
PEOPLE = (*VIEWERS["GB"], *VIEWERS["FR"])
READERS = (*PEOPLE, "inquiry", "oversight", BOTH)
SERVICES = ("BF", "ET")
AUTHORS = (*SERVICES, "GB official", "FR official")
NEVER_ID = "0198c0ff-eec0-7eee-8eee-999999999999"
NEVER = "INC-NEVER"
DAYS = {"GB": "2015-08-26", "FR": "2015-08-27"}
"""The reporting day of each nation in which all of it happens."""
INQUIRED, WHO_LOOKED, SHOWN_SEALED = range(1, 16), 11, (1, 6)
"""The questions of an inquiry by number, the one about the access log, and those whose answers have what was sealed."""
FIGURES = {"GB": "G1", "FR": "F3"}
EARLY, AS_OF = "2015-08-26T20:00:30Z", "2015-08-26T20:30:00Z"


class Question(NamedTuple):
    """One request. `route` as OpenAPI has it; `to` is who is answered; `shows` is whose knowledge the answers must have.

    `looks` where a reason may be given; what it shows to who gives none is in `shows_covered`.
    """

    route: str
    path: str
    to: frozenset[str]
    method: str = "get"
    headers: Mapping[str, str] = {}
    body: bytes | None = None
    looks: bool = False
    shows: tuple[str, ...] = ()
    shows_covered: tuple[str, ...] = ()


def questions(night: Marked, codes: Mapping[str, Sequence[str]], emergencies: Mapping[str, str], size: int) -> list[Question]:
    """All of them. `codes` are the figures of each view, `emergencies` one look of each nation that waits for its review."""
    views = [*_of_views(night, codes), *_of_inquiry(), *_of_reports(night), *_of_lists(night), *_of_files(night)]
    return [*_of_overseers(night, emergencies), *views,
            *_of_records(night), *_of_the_log(size), *_of_bundles(night), *_of_the_service(night)]  # fmt: skip


def _whom(*groups: Iterable[str] | str) -> frozenset[str]:
    return frozenset(name for group in groups for name in ([group] if isinstance(group, str) else group))


def _viewers(nation: str) -> frozenset[str]:
    return _whom(VIEWERS[nation], *MANDATED[nation])


def _query(path: str, **asked: str) -> str:
    return f"{path}?{urlencode(asked)}" if asked else path


# -- views ---------------------------------------------------------------------------------------------------------------------


def _of_views(night: Marked, codes: Mapping[str, Sequence[str]]) -> Iterator[Question]:
    for nation in NATIONS:
        base, to = f"/v1/views/{nation.lower()}", _viewers(nation)
        sealed, both, number = f"sealed {nation}", "shared BF", f"number {nation}"
        for asked in ({"day": DAYS[nation]}, {"day": "2015-08-20"}, {"day": DAYS[nation], "as_of": AS_OF}):
            yield Question("/v1/views/{view}/figures", _query(f"{base}/figures", **asked), to, looks=True)
        route = "/v1/views/{view}/figures/{code}/lines"
        for code in codes[nation]:
            yield Question(route, _query(f"{base}/figures/{code}/lines", day=DAYS[nation]), to, looks=True,
                           shows=(sealed, both, number), shows_covered=(both, number))  # fmt: skip
        yield Question(route, _query(f"{base}/figures/NONE/lines", day=DAYS[nation]), frozenset(), looks=True)
        for asked in ({}, {"as_of": AS_OF}):
            yield Question("/v1/views/{view}/situation", _query(f"{base}/situation", **asked), to, looks=True,
                           shows=(sealed, both), shows_covered=(both,))  # fmt: skip
        for asked in ({}, {"after": "100"}, {"as_of": AS_OF}, *({"stream": stream} for stream in _streams(night))):
            yield Question("/v1/views/{view}/timeline", _query(f"{base}/timeline", **asked), to, looks=True,
                           shows=(sealed, both, number), shows_covered=(both,))  # fmt: skip
        for asked in ({"after": "0"}, {"after": "99999999"}):
            yield Question("/v1/views/{view}/changes", _query(f"{base}/changes", **asked),
                           to if asked["after"] == "0" else frozenset(), looks=True,
                           shows=(sealed, both), shows_covered=(both,))  # fmt: skip
        yield Question("/v1/views/{view}/changes", f"{base}/changes", to, headers={"Last-Event-ID": "0"}, looks=True)
    for path in ("/v1/views/xx/timeline", "/v1/views/cnry/timeline"):
        yield Question("/v1/views/{view}/timeline", path, frozenset(), looks=True)
    for pair in (*PAIRS, "P9"):
        to = _whom(PEOPLE, "joint", BOTH) if pair in PAIRS else frozenset[str]()
        asked = {f"{nation.lower()}_day": day for nation, day in DAYS.items()}
        yield Question("/v1/reconciliations/{pair}", _query(f"/v1/reconciliations/{pair}", **asked), to, looks=True)
    to, recorded = _whom(PEOPLE, "joint", BOTH), "/v1/reconciliations/recorded"
    for asked in ({}, {"gb_day": DAYS["GB"]}, {"gb_day": "2015-08-20", "fr_day": "2015-08-20"}):
        yield Question("/v1/reconciliations", _query("/v1/reconciliations", **asked), to)
    yield Question(f"{recorded}/{{event_id}}", f"{recorded}/{night.ids['joint']['reconciliation.recorded']}", to)
    for event in (*(night.ids[nation]["reconciliation.recorded"] for nation in NATIONS), NEVER_ID):
        yield Question(f"{recorded}/{{event_id}}", f"{recorded}/{event}", frozenset())


def _of_inquiry() -> Iterator[Question]:
    root = "/v1/views/{view}/questions"
    for nation in NATIONS:
        base, to = f"/v1/views/{nation.lower()}/questions", _viewers(nation)
        yield Question(root, base, to, looks=True)
        for number in INQUIRED:
            needed = {2: {"at": AS_OF, "day": DAYS[nation]}, 6: {"authority": "BF"}, 13: {"day": DAYS[nation]}}
            whom = _whom(f"{nation} auditor") if number == WHO_LOOKED else to
            shows = (f"sealed {nation}",) if number in SHOWN_SEALED else ()
            yield Question(f"{root}/{{question}}", _query(f"{base}/{number}", **needed.get(number, {}), limit="500"), whom,
                           looks=True, shows=shows)  # fmt: skip
        yield Question(f"{root}/{{question}}", f"{base}/16", frozenset(), looks=True)
        yield Question(f"{root}/{{question}}/document", _query(f"{base}/changes/document", form="html"), to, looks=True)


def _of_reports(night: Marked) -> Iterator[Question]:
    """Each nation sealed a report of its own; both issued one that the other may see (in `joint`)."""
    root = "/v1/views/{view}/reports"
    for nation in NATIONS:
        base, to = f"/v1/views/{nation.lower()}/reports", _viewers(nation)
        official = _whom(f"{nation} official")
        for asked in ({}, {"day": DAYS[nation]}, {"as_of": AS_OF}):
            yield Question(root, _query(base, **asked), to, looks=True)
        yield Question(f"{root}/drift", f"{base}/drift", to, looks=True)
        head, code = f"/v1/views/{nation.lower()}", FIGURES[nation]
        route = "/v1/views/{view}/figures/{code}/series"
        for figure, whom in ((code, to), ("CNRY", frozenset[str]())):
            span = {"from": "2015-08-25", "to": "2015-08-28"}
            yield Question(route, _query(f"{head}/figures/{figure}/series", **span), whom, looks=True)
        for asked in ({"from": EARLY}, {"from": EARLY, "to": AS_OF}):
            path = _query(f"{head}/comparison", day=DAYS[nation], **asked)
            yield Question("/v1/views/{view}/comparison", path, to, looks=True, shows=(f"sealed {nation}",))
        for event, whom in ((night.ids["joint"]["report.issued"], to), (NEVER_ID, frozenset[str]()),
                            (night.ids["FR" if nation == "GB" else "GB"]["report.issued"], frozenset[str]())):  # fmt: skip
            yield Question(f"{root}/{{report}}", f"{base}/{event}", whom, looks=True)
            yield Question(f"{root}/{{report}}/verification", f"{base}/{event}/verification", whom, looks=True)
            for asked in ({}, {"edition": "national"}, {"form": "json"}):
                yield Question(
                    f"{root}/{{report}}/document", _query(f"{base}/{event}/document", **asked), frozenset(), looks=True
                )
            yield Question(f"{root}/{{report}}/documents/{{kind}}", f"{base}/{event}/documents/signed.pdf", frozenset(), "put",
                           body=b"%PDF-cnry")  # fmt: skip
        own = night.ids[nation]["report.issued"]
        yield Question(f"{root}/{{report}}", f"{base}/{own}", to, looks=True)
        for asked, whom in (
            ({"day": "2015-08-20"}, official),
            ({}, ()),
            ({"day": "2015-08-20", "withhold": {"cnry": True}}, ()),
        ):
            body = json.dumps(asked).encode()
            yield Question(f"{root}/drafts", f"{base}/drafts", frozenset(whom), "post", body=body, looks=True)


def _streams(night: Marked) -> list[str]:
    """A stream that is joint, one of each nation's own, and one that never was."""
    return [*(night.streams[whose]["interception.recorded"] for whose in ("joint", *NATIONS)), NEVER]


def _of_lists(night: Marked) -> Iterator[Question]:
    span = {"from": "2015-08-26T20:00:00Z", "to": "2015-08-26T23:00:00Z"}
    for nation in NATIONS:
        filters: list[dict[str, str]] = [{}, {"day": DAYS[nation]}, span, {"state": "open"}, {"limit": "1"}, {"as_of": AS_OF}]
        for name in ("incidents", "interceptions", "cases"):
            route, path = f"/v1/views/{{view}}/{name}", f"/v1/views/{nation.lower()}/{name}"
            for asked in filters:
                yield Question(route, _query(path, **asked), _viewers(nation), looks=True,
                               shows=(f"sealed {nation}", "shared BF"), shows_covered=("shared BF",))  # fmt: skip
            yield Question(route, _query(path, cursor="200.1"), _viewers(nation), looks=True)
            yield Question(route, _query(path, cursor="9999999.1"), frozenset(), looks=True)


def _of_files(night: Marked) -> Iterator[Question]:
    for nation in NATIONS:
        for of, forms in FILES.items():
            yield from (_file(nation, of, form, tells=of != "figures") for form in forms)
            yield _file(nation, of, "csv", form="excel-fr", lang="fr")
            yield _file(nation, of, "csv", position="200")
            yield _file(nation, of, "exe")._replace(to=frozenset())
        yield from (_file(nation, "timeline", "csv", stream=stream) for stream in _streams(night))
        yield _file(nation, "figures", "xlsx", tells=True, since=AS_OF, lang="fr")


def _file(nation: str, of: str, suffix: str, *, tells: bool = False, **more: str) -> Question:
    """One of an answer's files, for this nation's people. Those that `tell` have a row for each event."""
    told = tells and suffix not in ("provenance.json", "geojson")
    path = f"/v1/views/{nation.lower()}/{of}.{suffix}".replace("{code}", FIGURES[nation])
    asked = {"day": DAYS[nation], **more} if of.startswith("figures") else more
    return Question(
        f"/v1/views/{{view}}/{of}.{{suffix}}", _query(path, **asked), _viewers(nation), looks=True,
        shows=("shared BF", f"sealed {nation}") if told else (), shows_covered=("shared BF",) if told else (),
    )  # fmt: skip


def _of_overseers(night: Marked, emergencies: Mapping[str, str]) -> Iterator[Question]:
    inner = [night.ids[nation]["interception.recorded"] for nation in NATIONS]
    for nation in NATIONS:
        path, to = f"/v1/views/{nation.lower()}/access", _whom(f"{nation} dpo", f"{nation} auditor")
        for asked in ({}, {"unreviewed": "true"}, {"month": "2015-08"}, {"who": f"auditor-{nation}"}, {"who": "auditor-XX"}):
            yield Question("/v1/views/{view}/access", _query(path, **asked), to, shows=(f"motif {nation}",))
        for event in (*inner, NEVER_ID):
            yield Question("/v1/views/{view}/access", _query(path, event=event), to)
        said = {"Entente-Purpose": "review", "Entente-Motif": "why"}
        other = emergencies["FR" if nation == "GB" else "GB"]
        for event, dpo in ((emergencies[nation], {f"{nation} dpo"}), (other, set[str]()), (NEVER_ID, set[str]())):
            route = "/v1/views/{view}/access/{event_id}/review"
            yield Question(route, f"{path}/{event}/review", frozenset(dpo), "post", said)


# -- the log -------------------------------------------------------------------------------------------------------------------


def _of_records(night: Marked) -> Iterator[Question]:
    known = {night.ids["joint"]["interception.recorded"]: "BF", night.outer["GB"]: "", night.outer["FR"]: ""}
    unknown = [*(night.ids[nation][name] for nation in NATIONS for name in OPENERS.values()), NEVER_ID]
    for route, head in (("/v1/events/{event_id}", "/v1/events"), ("/v1/receipts/{event_id}", "/v1/receipts")):
        for event, author in known.items():
            to = _whom(READERS, [author] if author else [])
            told = (f"shared {author}",) if author and head == "/v1/events" else ()
            yield Question(route, f"{head}/{event}", to, shows=told)
            yield Question(route, f"{head}/{event}", to, headers={"Accept": "application/octet-stream"}, shows=told)
        for event in unknown:
            yield Question(route, f"{head}/{event}", frozenset())
        yield Question(route, f"{head}/cnry", frozenset())
    joint = night.streams["joint"]["interception.recorded"]
    for asked in ({}, {"limit": "1"}, {"after": "1"}):
        yield Question("/v1/streams/{stream}", _query(f"/v1/streams/{joint}", **asked), _whom(READERS, "BF"))
    yield Question("/v1/streams/{stream}", f"/v1/streams/{joint}", _whom(READERS, "BF"), shows=("shared BF",))
    for stream in [*(night.streams[nation][name] for nation in NATIONS for name in OPENERS.values()), NEVER]:
        yield Question("/v1/streams/{stream}", f"/v1/streams/{stream}", frozenset())


def _of_the_log(size: int) -> Iterator[Question]:
    known = _whom(HOLDERS, MORE)
    full, rest = divmod(size, 256)
    yield Question("/checkpoint", "/checkpoint", known)
    for which, to in (("final", known), ("london-ed", known), ("cnry", frozenset[str]())):
        yield Question("/checkpoints/{which}", f"/checkpoints/{which}", to)
    for tile in (*(f"0/{index:03d}" for index in range(full)), f"0/{full:03d}.p/{rest}", f"1/000.p/{full}"):
        yield Question("/tile/{path}", f"/tile/{tile}", known)
    for tile in (*(f"{index:03d}" for index in range(full)), f"{full:03d}.p/{rest}"):
        yield Question("/tile/entries/{path}", f"/tile/entries/{tile}", _whom(MIRRORS), shows=("shared BF",))
        yield Question("/companions/{path}", f"/companions/{tile}", _whom(MIRRORS))
    for head in ("tile", "tile/entries", "companions"):
        yield Question(f"/{head}/{{path}}", f"/{head}/999", frozenset())


def _of_bundles(night: Marked) -> Iterator[Question]:
    joint = night.streams["joint"]["interception.recorded"]
    begin = parse_instant("2015-08-26T20:00:00.000000Z")
    yield _bundle({"stream": joint}, READERS, ["shared BF"])
    for seconds in (4, 120, 240):
        span = {"from": begin + seconds * 1_000_000, "to": begin + (seconds + 4) * 1_000_000}
        yield _bundle({name: format_instant(at) for name, at in span.items()}, READERS)
    for nation in NATIONS:
        own = night.ids[nation]
        yield _bundle({"figure": f"{nation.lower()}:{FIGURES[nation]}:{DAYS[nation]}:{EARLY}"}, _viewers(nation))
        for wanted in (
            {"stream": night.streams[nation]["interception.recorded"]},
            {"report": own["report.issued"]},
            {"figure": f"{nation.lower()}:NONE:{DAYS[nation]}"},
            {"figure": f"{nation.lower()}:{FIGURES[nation]}:{DAYS[nation]}:cnry"},
            {"stream": joint, "basis": own["access.combined"]},
        ):
            yield _bundle(wanted)
    yield _bundle({"stream": joint, "withhold": {"1": "because"}})
    yield _bundle({"cnry": "x"})


def _bundle(wanted: Mapping[str, Any], to: Iterable[str] = (), shows: Sequence[str] = ()) -> Question:
    body = json.dumps(wanted).encode()
    return Question("/v1/bundles", "/v1/bundles", frozenset(to), "post", body=body, shows=tuple(shows))


def _of_the_service(night: Marked) -> Iterator[Question]:
    story, known = night.story, _whom(HOLDERS, MORE)
    yield Question("/v1/completeness", "/v1/completeness", _whom(READERS, "GB dpo", "FR dpo"))
    for key, to in ((story.author("BF").key.key_id, _whom("BF", "GB official", "FR official")), ("0" * 64, frozenset[str]())):
        yield Question("/v1/introductions/{key_id}", f"/v1/introductions/{key}", to)
    sealer = story.player.sealers.sealer["GB"].key_id
    yield Question("/v1/introductions/{key_id}", f"/v1/introductions/{sealer}", _whom("GB official", "FR official"))
    yield Question("/v1/schemas", "/v1/schemas", known)
    for name in ("interception.recorded", "sealed.recorded", "cnry"):
        yield Question("/v1/schemas/{type_name}", f"/v1/schemas/{name}", known if name in NEWEST else frozenset())
    yield Question("/v1/openapi.json", "/v1/openapi.json", known)
    yield Question("/healthz", "/healthz", frozenset(WHO))
    yield Question("/readyz", "/readyz", frozenset(WHO))
    yield Question("/metrics", "/metrics", _whom("administrator"))
    for body in (b"", b"{}", b'{"items":[]}', b'{"cnry":1}', b"[" * 3_000):
        yield Question("/v1/events", "/v1/events?check=1", frozenset(), "post", {"Content-Type": "application/json"}, body)
