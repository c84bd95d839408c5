"""The form of a feature: its question for a customer who opens it without a prompt."""

from tests.support.clients import error_code, expect_ok
from tests.support.features import Feature
from tests.support.widget import EMAIL, WidgetPage

USE = {"product": "pms", "feature": "dashboard"}


async def test_a_form_has_the_question_and_changes_nothing(page: WidgetPage, feature: Feature) -> None:  # G8
    form = expect_ok(await page.call("form", **USE, locale="en"))["ask"]
    prompt = await page.track(EMAIL, 3, locale="en")
    assert form == {name: value for name, value in prompt.items() if name != "survey_id"}
    assert await feature.counts(EMAIL["email"]) == (3, 3, 0)
    russian = expect_ok(await page.call("form", **USE, locale="ru"))["ask"]
    assert russian["question"] != form["question"]
    rating = await page.answer(**USE, score=7, comment="From the button")
    assert rating["thanks"] == form["thanks"]


async def test_a_form_needs_a_known_feature_and_a_signed_user(page: WidgetPage, feature: Feature) -> None:
    assert (await page.call("form", product="pms", feature="unknown")).status_code == 404
    assert (await page.call("form", product="unknown", feature="dashboard")).status_code == 404
    assert error_code(await page.call("form", EMAIL | {"signature": "v1.1.x"}, **USE)) == (401, "SIGNATURE_INVALID")
