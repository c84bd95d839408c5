"""Every statement of the contract that is built is cited by a test, and no test cites one that does not exist."""

import re
import tokenize
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
CONTRACT = TESTS.parent / "docs" / "contract.md"

# What is built, as ranges of a part; numbers between that the contract leaves out don't count.
BUILT = [("G", 1, 7), ("C", 1, 60), ("F", 1, 94), ("T", 1, 29)]
NOT_BUILT = {"C46"}  # a request to an API gateway that the spec does not mention

STATEMENT = re.compile(r"^(?:- )?([GCFT])(\d+)\. ", re.MULTILINE)
# A number by itself: a range hides which of its statements a test really holds.
CITATION = re.compile(r"(?<![\w–-])[GCFT]\d+(?![\w–-])")


def statements(contract: Path) -> list[str]:
    return [part + number for part, number in STATEMENT.findall(contract.read_text("utf-8"))]


def built(contract: Path) -> list[str]:
    def counts(name: str) -> bool:
        return any(part == name[0] and first <= int(name[1:]) <= last for part, first, last in BUILT)

    return [name for name in statements(contract) if counts(name) and name not in NOT_BUILT]


def cited(tests: Path) -> set[str]:
    """The numbers in comments; in strings they may be anything."""
    found: set[str] = set()
    for path in tests.rglob("*.py"):
        with path.open("rb") as file:
            comments = [token.string for token in tokenize.tokenize(file.readline) if token.type == tokenize.COMMENT]
        found.update(number for comment in comments for number in CITATION.findall(comment))
    return found


def test_every_built_statement_is_cited() -> None:
    numbers = cited(TESTS)
    uncited = [name for name in built(CONTRACT) if name not in numbers]
    assert uncited == [], "no test cites " + ", ".join(uncited)


def test_every_citation_exists() -> None:
    assert sorted(cited(TESTS) - set(statements(CONTRACT))) == []


def test_the_contract_is_whole() -> None:
    names = statements(CONTRACT)
    assert len(names) == len(set(names)) == 173
    assert (names[0], names[-1]) == ("G1", "T30")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def test() -> None:  # C28\n    pass\n", {"C28"}),
        ("# C28, G2: and F100 (T5)\n", {"C28", "G2", "F100", "T5"}),
        ("# C27-C30 C31–C33 UTF8 C1a XC2\n", set()),
        ("NAME = 'C28'\n'''# C29'''\n", set()),
    ],
)
def test_what_counts_as_a_citation(source: str, expected: set[str], tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "deeper"
    folder.mkdir(parents=True)
    (folder / "test_x.py").write_text(source)
    assert cited(tmp_path) == expected


def test_what_counts_as_built(tmp_path: Path) -> None:
    contract = tmp_path / "contract.md"
    contract.write_text(
        "- G1. All.\n\nC1. One, by C2.\nC9. Two.\n\nC46. Not.\nC60. Last.\n\nC61. Later.\n\nT30. Later.\n"
    )
    assert built(contract) == ["G1", "C1", "C9", "C60"]
