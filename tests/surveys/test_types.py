"""Survey types: the built-in ones, those of a workspace, and their texts in the customer's language."""

from typing import Any

import pytest
from tests.support.campaign_invariants import assert_counts_agree
from tests.support.campaigns import API, PLAN, CampaignApi
from tests.support.clients import error_code, expect_ok, invalid_fields
from tests.support.invariants import Owner
from tests.support.survey_types import CES7

RUSSIAN, ENGLISH = "Оцените качество обслуживания", "How would you rate our service?"
THUMBS = CES7 | {
    "code": "THUMBS",
    "scale_min": 0,
    "scale_max": 1,
    "formula": "share",
    "satisfied_min": 1,
    "satisfied_max": 1,
}


async def types(api: CampaignApi) -> dict[str, Any]:
    return {one["code"]: one for one in expect_ok(await api.get("survey-types"))["survey_types"]}


async def test_a_new_workspace_has_four_survey_types(api: CampaignApi) -> None:  # F17
    known = await types(api)
    assert list(known) == ["CES", "CSAT", "CSAT10", "NPS"]
    meaning = ("scale_min", "scale_max", "formula", "satisfied_min", "satisfied_max", "higher_is_better")
    assert {code: tuple(one[field] for field in meaning) for code, one in known.items()} == {
        "CES": (1, 5, "mean", None, None, True),
        "CSAT": (1, 5, "share", 4, 5, True),
        "CSAT10": (1, 10, "share", 6, 10, True),
        "NPS": (0, 10, "nps", None, None, True),
    }
    assert {known[code]["thanks"] for code in ("NPS", "CSAT", "CES")} == {"Спасибо за ваш отзыв!"}


async def test_a_custom_survey_type_works_like_the_built_in_types(api: CampaignApi, owner: Owner) -> None:
    for body in (CES7, THUMBS):
        assert expect_ok(await api.post("survey-types", body), 201) == body
        assert (await types(api))[body["code"]] == body
        await api.open(survey_type_code=body["code"])
    await api.order()
    shown = {one["survey_type"]: one for one in await api.surveys()}
    assert {code: (one["scale_min"], one["scale_max"]) for code, one in shown.items()} == {
        "CES7": (1, 7),
        "THUMBS": (0, 1),
    }
    for code, wrong, right in (("CES7", 8, 7), ("CES7", 0, None), ("THUMBS", 2, 0)):
        survey = shown[code]["survey_id"]
        assert (await api.submit(survey, wrong)).status_code == 400
        if right is not None:
            assert expect_ok(await api.submit(survey, right))["message"] == "Thank you!"
    await assert_counts_agree(owner)


async def test_a_code_is_unique_in_a_workspace(api: CampaignApi, theirs: CampaignApi) -> None:
    for body in (CES7 | {"code": "NPS"}, CES7):
        expect_ok(await theirs.post("survey-types", CES7 | {"code": body["code"] + "x"}), 201)
    expect_ok(await api.post("survey-types", CES7), 201)
    for code in ("CES7", "NPS"):
        assert error_code(await api.post("survey-types", CES7 | {"code": code})) == (409, "SURVEY_TYPE_ALREADY_EXISTS")
    expect_ok(await theirs.post("survey-types", CES7), 201)
    expect_ok(await api.post("survey-types", CES7 | {"code": "ces7"}), 201)


INVALID_TRANSLATIONS: list[Any] = [None, [], "de", {"de": {}}, {"de": {"question": "x"}}, {"de": None}]
BAD: list[tuple[str, Any]] = [
    *(("code", value) for value in (None, "", " ", "a b", "ЦЕС", "x" * 101, 5, "a/b", "a\n")),
    *(("name", value) for value in (None, "", "  ", "x" * 201, 5)),
    *((field, value) for field in ("question", "thanks") for value in (None, "", " \t", "x" * 501, 5)),
    *(("scale_min", value) for value in (None, -1, "1", 1.5, 7, 8, True)),
    *(("scale_max", value) for value in (None, 101, "7", 6.5, 1, 0)),
    *(("formula", value) for value in (None, "", "NPS", "median", 1, "nps", "share")),
    ("satisfied_min", 5),
    ("satisfied_min", "5"),
    ("satisfied_max", 5),
    ("satisfied_max", -1),
    *(("higher_is_better", value) for value in (None, 1, "true")),
    *(("formula_description", value) for value in (None, 5, "x" * 501)),
    *(("translations", value) for value in INVALID_TRANSLATIONS),
    *(
        ("translations", {language: CES7["translations"]["de"]})
        for language in ("DE", "d", "", "de_AT", "deutsch", "*")
    ),
    *(("language", value) for value in ("EN", "e", "", "en_US", "english", "*", 5, ["en"])),
    *(("translations", {"de": CES7["translations"]["de"] | {"thanks": text}}) for text in ("", " ", "x" * 501)),
    *(("display", value) for value in (None, "", "AUTO", "slider", 1)),
    *((field, value) for field in ("label_min", "label_max", "comment_label") for value in ("", " ", "x" * 101, 5)),
    *(("translations", {"de": CES7["translations"]["de"] | {"label_min": text}}) for text in ("", " ", "x" * 101)),
]


async def test_an_invalid_survey_type_is_refused(api: CampaignApi) -> None:  # G4
    expect_ok(await api.post("survey-types", CES7), 201)
    for field, value in BAD:
        assert error_code(await api.post("survey-types", CES7 | {"code": "NEW", field: value})) == (
            400,
            "VALIDATION_ERROR",
        ), (field, value)
        if field != "code":
            assert (await api.put("survey-types/CES7", CES7 | {field: value})).status_code == 400, (field, value)
    assert (await types(api))["CES7"] == CES7
    assert "NEW" not in await types(api)


async def test_required_fields_must_be_present(api: CampaignApi) -> None:
    needed = ("code", "name", "question", "thanks", "scale_min", "scale_max", "formula")
    for field in needed:
        assert invalid_fields(await api.post("survey-types", {key: CES7[key] for key in CES7.keys() - {field}})) == [
            field
        ]
    bare = expect_ok(await api.post("survey-types", {field: CES7[field] for field in needed}), 201)
    assert (bare["formula_description"], bare["translations"], bare["higher_is_better"]) == ("", {}, True)
    assert bare["language"] is None


async def test_a_share_needs_its_satisfied_range(api: CampaignApi) -> None:
    for low, high in ((None, None), (1, None), (None, 1), (2, 2), (1, 0)):
        body = THUMBS | {"satisfied_min": low, "satisfied_max": high}
        assert invalid_fields(await api.post("survey-types", body)) == ["satisfied_min"]


async def test_limits_are_inclusive(api: CampaignApi) -> None:  # G4
    long = {
        "name": "Й" * 200,
        "question": "😀" * 500,
        "thanks": "ё" * 500,
        "label_min": "я" * 100,
        "formula_description": "x" * 500,
    }
    body = CES7 | long | {"code": "a-Z_0.9+" + "x" * 92, "scale_min": 0, "scale_max": 100}
    assert expect_ok(await api.post("survey-types", body), 201) == body


async def test_put_replaces_everything_before_the_first_survey(api: CampaignApi) -> None:
    expect_ok(await api.post("survey-types", CES7), 201)
    await api.open(survey_type_code="CES7")
    body = THUMBS | {"code": "ignored", "translations": {}, "higher_is_better": False}
    assert expect_ok(await api.put("survey-types/CES7", body)) == body | {"code": "CES7"}
    assert (await types(api))["CES7"] == body | {"code": "CES7"}
    assert error_code(await api.put("survey-types/NONE", CES7)) == (404, "NOT_FOUND")


async def test_scale_and_formula_cannot_change_after_the_first_survey(api: CampaignApi) -> None:
    expect_ok(await api.post("survey-types", THUMBS), 201)
    await api.open(survey_type_code="THUMBS")
    await api.order()
    changes: list[dict[str, Any]] = [
        {"scale_max": 2},
        {"scale_min": 0, "scale_max": 3, "satisfied_max": 3},
        {"satisfied_min": 0},
        {"formula": "mean", "satisfied_min": None, "satisfied_max": None},
    ]
    for change in changes:
        assert error_code(await api.put("survey-types/THUMBS", THUMBS | change)) == (409, "SURVEY_TYPE_IN_USE"), change
    assert (await types(api))["THUMBS"] == THUMBS
    texts = {"name": "Thumbs", "question": "?", "thanks": "!", "translations": {}, "formula_description": ""}
    assert expect_ok(await api.put("survey-types/THUMBS", THUMBS | texts)) == THUMBS | texts
    assert (await api.surveys())[0]["question"] == "?"


async def test_the_scale_of_feature_ratings_can_never_change(api: CampaignApi) -> None:
    body = (await types(api))["CSAT10"]
    for change in ({"scale_min": 0}, {"satisfied_min": 7}):
        assert error_code(await api.put("survey-types/CSAT10", body | change)) == (409, "SURVEY_TYPE_IN_USE")
    assert expect_ok(await api.put("survey-types/CSAT10", body | {"question": "Well?"}))["question"] == "Well?"


async def test_a_campaign_needs_an_existing_survey_type(api: CampaignApi) -> None:  # F14
    body = PLAN | {"survey_type_code": "CES7"}
    assert error_code(await api.post("campaigns", body)) == (400, "UNKNOWN_SURVEY_TYPE")
    expect_ok(await api.post("survey-types", CES7), 201)
    campaign = expect_ok(await api.post("campaigns", body), 201)
    unknown = await api.put(f"campaigns/{campaign['id']}", PLAN | {"survey_type_code": "CES8"})
    assert error_code(unknown) == (400, "UNKNOWN_SURVEY_TYPE")


async def test_texts_are_in_the_language_of_the_customer(api: CampaignApi) -> None:
    await api.open(survey_type_code="CSAT")
    survey = await api.ask()
    spoken = {
        None: RUSSIAN,
        "": RUSSIAN,
        "en": ENGLISH,
        "EN-us": ENGLISH,
        "de, en;q=0.5": ENGLISH,
        "ru;q=0.4, en;q=0.6": ENGLISH,
        "en;q=0.4, ru;q=0.6": RUSSIAN,
        "en;q=0": RUSSIAN,
        "*, en;q=0.5": RUSSIAN,
        "de": RUSSIAN,
        ";;;q=x,,~": RUSSIAN,
        "x," * 5_000 + "en": ENGLISH,
    }
    for header, question in spoken.items():
        assert (await api.surveys(language=header))[0]["question"] == question, header
    sent = {"survey_id": survey, "score": 5}
    english = {"accept-language": "en-GB,en;q=0.9"}
    answer = expect_ok(await api.client.post(f"{API}/feedback/submit", json=sent, headers=english))
    assert answer["message"] == "Thank you for your feedback!"


@pytest.mark.parametrize(
    ("language", "wanted", "expected"),
    [
        ("en", "en-US,en;q=0.9,ru;q=0.8", "How easy was it?"),
        ("en-gb", "en-US,en;q=0.9,ru;q=0.8", "How easy was it?"),
        ("en", "ru,en;q=0.9", "Было легко?"),
        ("en", "fr,ru;q=0.5", "Было легко?"),
        ("en", "fr", "How easy was it?"),
        (None, "en-US,en;q=0.9,ru;q=0.8", "Было легко?"),
        (None, "en", "How easy was it?"),
    ],
)
async def test_the_language_of_the_question_takes_part_in_the_choice(
    api: CampaignApi, language: str | None, wanted: str, expected: str
) -> None:
    thanks = {"How easy was it?": "Thank you!", "Было легко?": "Спасибо!"}
    translations = {"ru": {"question": "Было легко?", "thanks": "Спасибо!"}}
    body = CES7 | {"language": language, "translations": translations}
    assert expect_ok(await api.post("survey-types", body), 201)["language"] == language
    await api.open(survey_type_code="CES7")
    await api.order()
    (survey,) = await api.surveys(language=wanted)
    assert survey["question"] == expected
    answer = {"survey_id": survey["survey_id"], "score": 5}
    stored = await api.client.post("/api/v1/feedback/submit", json=answer, headers={"accept-language": wanted})
    assert expect_ok(stored)["message"] == thanks[expected]


async def test_built_in_types_know_their_language(api: CampaignApi) -> None:
    known = {code: one["language"] for code, one in (await types(api)).items()}
    assert known == {"CES": "ru", "CSAT": "ru", "CSAT10": "en", "NPS": "ru"}
