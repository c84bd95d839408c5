"""The pages of survey types: who may use them, what they refuse, and that they follow the rules of the API."""

from typing import Any

import msgspec
import pytest
from tests.support.forms import field_errors
from tests.support.inbox import InboxSite
from tests.support.invariants import Owner
from tests.support.sites import Browser

FORM: dict[str, Any] = {
    "code": "CES7",
    "name": "Effort, 1-7",
    "question": "How easy was it?",
    "thanks": "Thank you!",
    "language": "en",
    "scale_min": "1",
    "scale_max": "7",
    "formula": "share",
    "satisfied_min": "5",
    "satisfied_max": "7",
    "higher_is_better": "yes",
    "formula_description": "",
    "translation_language": ["de", "", "pt-br"],
    "translation_question": ["War es leicht?", " ", "Foi fácil?"],
    "translation_thanks": ["Danke!", "", "Obrigado!"],
}
STORED = "SELECT * FROM survey_type ORDER BY workspace_id, code"
EDIT = "/survey-types/edit"


async def stored(owner: Owner, code: str) -> dict[str, Any]:
    return dict(
        await owner.fetchrow("SELECT * FROM survey_type WHERE code = $1 ORDER BY last_update_time DESC LIMIT 1", code)
    )


async def test_a_type_is_created_as_typed(member: Browser, owner: Owner) -> None:
    answer = await member.submit("/survey-types/new", **FORM)
    assert answer.headers["location"] == "/survey-types?done=created"
    row = await stored(owner, "CES7")
    assert {name: str(row[name]) for name in FORM if name in row and name != "higher_is_better"} == {
        name: value for name, value in FORM.items() if name in row and name != "higher_is_better"
    }
    assert (row["higher_is_better"], row["create_user"]) == (True, "member:owner@example.com")
    assert msgspec.json.decode(row["translations"]) == {
        "de": {"question": "War es leicht?", "thanks": "Danke!"},
        "pt-br": {"question": "Foi fácil?", "thanks": "Obrigado!"},
    }
    page = (await member.get("/survey-types")).text
    assert all(text in page for text in ("Effort, 1-7", "How easy was it?", "de, pt-br", "NPS"))


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"code": ""}, "code", "Use Latin letters, digits and - _ . +, at most 100."),
        ({"code": "a b"}, "code", "Use Latin letters, digits and - _ . +, at most 100."),
        ({"code": "NPS"}, "code", "A survey type with this code already exists."),
        ({"name": "\u200b"}, "name", "Give it a name of at most 200 characters."),
        ({"question": " "}, "question", "Enter a question, at most 500 characters."),
        ({"question": "x" * 501}, "question", "Enter a question, at most 500 characters."),
        ({"thanks": ""}, "thanks", "Enter the thanks, at most 500 characters."),
        ({"language": "English"}, "language", "Use a language tag in lower case, for example en or pt-br."),
        *(
            ({"scale_max": text}, "scale_max", "Enter a whole number above the lowest score, at most 100.")
            for text in ("", "1", "0", "101", "7.5", "7e0", "٧")
        ),
        ({"scale_min": "-1"}, "scale_min", "Enter a whole number, 0 to 99."),
        ({"formula": "sum"}, "formula", "Choose a formula. NPS needs the scale from 0 to 10."),
        ({"formula": "nps"}, "formula", "Choose a formula. NPS needs the scale from 0 to 10."),
        ({"satisfied_min": ""}, "satisfied_min", "Enter whole numbers within the scale."),
        ({"satisfied_max": "8"}, "satisfied_min", "Enter whole numbers within the scale."),
        (
            {"translation_language": ["de", "", "DE"]},
            "language_2",
            "Use a language tag in lower case, for example en or pt-br.",
        ),
        ({"translation_language": ["de", "", "de"]}, "language_2", "The question has this language already."),
        ({"translation_thanks": ["Danke!", "", ""]}, "thanks_2", "Enter the thanks, at most 500 characters."),
    ],
)
async def test_an_error_is_shown_at_its_field(
    member: Browser, owner: Owner, changes: dict[str, Any], field: str, message: str
) -> None:
    before = await owner.fetch(STORED)
    answer = await member.submit("/survey-types/new", **FORM | changes)
    assert answer.status_code in (400, 409)
    assert field_errors(answer.text) == {field: message}
    assert await owner.fetch(STORED) == before
    for typed in ("Foi fácil?", "How easy was it?"):
        assert (typed in answer.text) == ("question" not in changes or typed == "Foi fácil?")


async def test_all_errors_are_shown_together(member: Browser) -> None:
    answer = await member.submit("/survey-types/new", translation_language=["x"], code="?", formula="mean")
    assert field_errors(answer.text).keys() == {
        *("code", "name", "question", "thanks", "scale_min", "scale_max", "language_0", "question_0", "thanks_0")
    }


async def test_an_unchanged_form_changes_nothing(member: Browser, owner: Owner) -> None:
    await member.submit("/survey-types/new", **FORM)
    before = await owner.fetch(STORED)
    assert (await member.submit(f"{EDIT}?code=CES7", **FORM)).status_code == 303
    assert await owner.fetch(STORED) == before
    page = (await member.get(f"{EDIT}?code=CES7")).text
    assert all(text in page for text in ("How easy was it?", "War es leicht?", 'value="pt-br"'))


async def test_the_code_of_a_type_is_the_one_of_its_address(member: Browser, owner: Owner) -> None:
    """A code can be a word of a path."""
    for code in ("new", "edit", "a+b"):
        assert (await member.submit("/survey-types/new", **FORM | {"code": code})).status_code == 303
        link = f"{EDIT}?code={code.replace('+', '%2B')}"
        assert link in (await member.get("/survey-types")).text
        assert (await member.submit(link, **FORM | {"name": f"Of {code}", "code": "other"})).status_code == 303
        assert (await stored(owner, code))["name"] == f"Of {code}"


async def test_the_texts_of_a_used_type_change_but_not_its_scale(member: Browser, owner: Owner) -> None:
    """CSAT10 counts as used, because features have it."""
    page = (await member.get(f"{EDIT}?code=CSAT10")).text
    assert "its scale and formula can’t change" in page
    assert 'type="number"' not in page
    texts = FORM | {"scale_max": "10", "satisfied_min": "6", "satisfied_max": "10"}
    assert (await member.submit(f"{EDIT}?code=CSAT10", **texts)).status_code == 303
    assert (await stored(owner, "CSAT10"))["question"] == "How easy was it?"
    answer = await member.submit(f"{EDIT}?code=CSAT10", **texts | {"scale_max": "11", "question": "Other"})
    assert (answer.status_code, "Create another survey type." in answer.text) == (409, True)
    assert (await stored(owner, "CSAT10"))["question"] == "How easy was it?"


async def test_the_satisfied_range_is_left_out_of_other_formulas(member: Browser, owner: Owner) -> None:
    assert (await member.submit("/survey-types/new", **FORM | {"formula": "mean"})).status_code == 303
    row = await stored(owner, "CES7")
    assert (row["satisfied_min"], row["satisfied_max"]) == (None, None)


async def test_the_preview_changes_nothing(member: Browser, owner: Owner) -> None:
    before = await owner.fetch(STORED)
    for address in ("/survey-types/new", f"{EDIT}?code=NPS"):
        page = await member.submit(address, **FORM | {"name": ""}, preview="1")
        assert page.status_code == 200
        shown = page.text[page.text.index('class="preview"') :]
        assert all(text in shown for text in ("How easy was it?", "Foi fácil?", "<span>7</span>"))
        assert field_errors(page.text) == {}
        assert (await member.submit(address, scale_min="x", scale_max="101", preview="1")).status_code == 200
    assert await owner.fetch(STORED) == before


async def test_agents_see_survey_types_and_change_none(inbox: InboxSite, owner: Owner) -> None:
    before = await owner.fetch(STORED)
    page = (await inbox.agent.get("/survey-types")).text
    assert "NPS" in page
    assert "/survey-types/new" not in page
    for address in ("/survey-types/new", f"{EDIT}?code=NPS"):
        assert (await inbox.agent.get(address)).status_code == 403
        assert (await inbox.agent.submit(address, **FORM)).status_code == 403
    assert await owner.fetch(STORED) == before


async def test_types_of_another_workspace_are_not_found(inbox: InboxSite, member: Browser, owner: Owner) -> None:
    await (await inbox.owner("acme", "boss@example.com")).submit("/survey-types/new", **FORM)
    before = await owner.fetch(STORED)
    assert "CES7" not in (await member.get("/survey-types")).text
    for code in ("CES7", "NONE"):
        assert (await member.get(f"{EDIT}?code={code}")).status_code == 404
        assert (await member.submit(f"{EDIT}?code={code}", **FORM)).status_code == 404
    assert (await member.get(EDIT)).status_code == 400
    assert await owner.fetch(STORED) == before
    cross_site = {"sec-fetch-site": "cross-site"}
    assert (await member.post("/survey-types/new", data=FORM, headers=cross_site)).status_code == 403
