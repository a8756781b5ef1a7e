"""Problems over HTTP: every refusal there is has a status, a name in both languages, and goes by the caller's preference."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from api import problems
from api.language import preferred
from api.wording import TITLES
from ledger import errors


def tree(kind: type[errors.EntenteError]) -> Iterator[type[errors.EntenteError]]:
    yield kind
    for heir in kind.__subclasses__():
        yield from tree(heir)


def test_no_refusal_is_without_a_name_in_both_languages() -> None:
    assert {kind.code for kind in tree(errors.EntenteError)} | {"defect"} == set(TITLES)
    for code, title in TITLES.items():
        assert set(title) == {"en", "fr"} and title["en"] != title["fr"], code


def test_no_refusal_of_an_event_is_a_failure_of_ours() -> None:
    assert all(400 <= problems.status_of(kind()) < 500 for kind in tree(errors.Refused))
    assert {problems.status_of(kind()) for kind in tree(errors.Unavailable)} == {503, 507}


@pytest.mark.parametrize(
    ("header", "language"),
    [
        *(
            (header, "en")
            for header in ("", "en", "de", "en-GB,fr;q=0.9", "fr;q=0", "fr;q=x", "*", ";;;,", "fr;q=0.2,en;q=0.3")
        ),
        *((header, "fr") for header in ("fr", "FR-ca", "de, fr;q=0.1", "en;q=0.5,fr;q=0.6", "fr,en", "x" * 10_000 + ",fr")),
    ],
)
def test_the_language_is_the_one_that_weighs_most(header: str, language: str) -> None:
    assert preferred(header) == language
