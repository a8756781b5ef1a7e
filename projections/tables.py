"""The tables of one nation's view. Each exists twice, as generation `a` and `b`: a rebuild fills the idle one beside the live
one, and one row says which is live.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, PrimaryKeyConstraint, Table, Text

from projections.fact import Fact

GENERATIONS = ("a", "b")
INTEGERS = frozenset(
    {"quantity", "origin", "stated", "ordinal", "ended", "occurred_at", "occurred_until", "recorded_at", "imprecision_seconds"}
)
FACT_COLUMNS = Fact.__struct_fields__

metadata = MetaData()

view_head = Table(
    "view_head",
    metadata,
    Column("nation", Text, primary_key=True),
    Column("live", Text, nullable=False),
    comment="Which generation of the view is read.",
)


class Generation:
    """The tables of one generation."""

    def __init__(self, name: str) -> None:
        self.name = name
        integers = [Column(c, BigInteger if c in INTEGERS else Text, nullable=False) for c in FACT_COLUMNS]
        self.facts = Table(f"facts_{name}", metadata, *integers, PrimaryKeyConstraint("stated", "ordinal"))
        self.indexes = (
            Index(f"facts_{name}_kind", self.facts.c.kind, self.facts.c.occurred_at),
            Index(f"facts_{name}_stream", self.facts.c.stream),
            Index(
                f"facts_{name}_restated",
                self.facts.c.origin,
                sqlite_where=self.facts.c.origin != self.facts.c.stated,
                postgresql_where=self.facts.c.origin != self.facts.c.stated,
            ),
        )
        self.links = Index(
            f"facts_{name}_links",
            self.facts.c.subject,
            sqlite_where=self.facts.c.kind == "link",
            postgresql_where=self.facts.c.kind == "link",
        )
        self._make_what_is_beside(name)

    def _make_what_is_beside(self, name: str) -> None:
        """When positions were recorded, which streams matter, what was sealed or parked, and how far the view is."""
        self.instants = Table(
            f"instants_{name}",
            metadata,
            Column("recorded_at", BigInteger, primary_key=True, autoincrement=False),
            Column("position", BigInteger, nullable=False),
        )
        self.attention = Table(
            f"attention_{name}",
            metadata,
            Column("since", BigInteger, nullable=False),
            Column("stream", Text, nullable=False),
            Column("until", BigInteger, nullable=False),
            PrimaryKeyConstraint("since", "stream"),
        )
        Index(f"attention_{name}_until", self.attention.c.until)
        self.snapshots = Table(
            f"snapshots_{name}",
            metadata,
            Column("position", BigInteger, primary_key=True, autoincrement=False),
            Column("streams", Text, nullable=False),
        )
        self.sealed = Table(
            f"sealed_{name}",
            metadata,
            Column("position", BigInteger, primary_key=True, autoincrement=False),
            Column("event", Text, nullable=False),
            Column("stream", Text, nullable=False),
        )
        Index(f"sealed_{name}_stream", self.sealed.c.stream)
        self.parked = Table(
            f"parked_{name}",
            metadata,
            Column("position", BigInteger, primary_key=True, autoincrement=False),
            Column("stream", Text, nullable=False),
            Column("event", Text, nullable=False),
            Column("reason", Text, nullable=False),
        )
        self.progress = Table(
            f"progress_{name}",
            metadata,
            Column("one", Integer, primary_key=True, autoincrement=False),
            Column("position", BigInteger, nullable=False),
            Column("frontier", LargeBinary, nullable=False),
            Column("state", LargeBinary, nullable=False),
        )

    @property
    def all(self) -> tuple[Table, ...]:
        """Every table of the generation."""
        return (self.facts, self.instants, self.attention, self.snapshots, self.sealed, self.parked, self.progress)


GENERATION = {name: Generation(name) for name in GENERATIONS}
