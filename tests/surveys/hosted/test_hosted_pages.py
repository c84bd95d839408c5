"""The hosted page of a survey: what it shows, what its form stores, and links that do not open one."""

import asyncio
import re
from typing import Any

import pytest
from tests.support.clients import expect_ok
from tests.support.forms import field_errors
from tests.support.hosted import TEXTS, HostedSite, path_of
from tests.support.invariants import Owner

from voxpop.auth.rate_limits import RateLimit
from voxpop.surveys.hosted import tokens
from voxpop.surveys.hosted.tokens import Purpose
from voxpop.types import SurveyId, uuid7


def scores(page: str) -> list[int]:
    return [int(value) for value in re.findall(r'name="score" value="(\d+)"', page)]


def chosen(page: str) -> list[int]:
    return [int(value) for value in re.findall(r'value="(\d+)"[^>]* checked>', page)]


async def state(owner: Owner) -> list[Any]:
    """Everything that an answer changes."""
    tables = ("survey", "feedback", "score_count", "survey_count", "survey_email", "unsubscribed_email", "outbox")
    return [await owner.fetch(f"SELECT * FROM {table} ORDER BY {table}::text") for table in tables]


async def test_the_form_stores_one_answer_and_then_thanks(site: HostedSite, owner: Owner) -> None:
    path = await site.link()
    page = await site.visitor.get(path)
    assert (page.status_code, scores(page.text), chosen(page.text)) == (200, list(range(11)), [])
    assert 'role="radiogroup"' in page.text
    assert "<script" not in page.text
    answer = await site.visitor.submit(path, score="9", comment="Быстро \U0001f600\r\nи просто")
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    stored = await owner.fetchrow("SELECT score, comment, guid, source FROM feedback")
    assert tuple(stored) == (9, "Быстро \U0001f600\nи просто", "cust_123", "prompted")
    before = await state(owner)
    thanks = await site.visitor.get(path)
    assert thanks.status_code == 200
    assert "Спасибо за ваш отзыв!" in thanks.text
    again = await site.visitor.submit(path, score="1")
    assert (again.status_code, "Спасибо за ваш отзыв!" in again.text) == (200, True)
    assert await state(owner) == before


async def test_of_two_answers_at_once_one_is_stored(site: HostedSite, owner: Owner) -> None:
    path = await site.link()
    answers = await asyncio.gather(*(site.visitor.submit(path, score=str(score)) for score in (1, 2, 3)))
    assert {answer.status_code for answer in answers} <= {200, 303}
    assert await owner.fetchval("SELECT count(*) FROM feedback") == 1
    assert await owner.fetchval("SELECT sum(completed) FROM survey_count WHERE series_kind = 'campaign'") == 2


async def test_reading_a_page_changes_nothing(site: HostedSite, owner: Owner) -> None:
    """Mail scanners open, prefetch and look up every link."""
    path = await site.link()
    before = await state(owner)
    for method in ("GET", "HEAD", "OPTIONS"):
        for query in ("", "?score=9", "?score=9&comment=x"):
            for headers in ({}, {"sec-purpose": "prefetch", "purpose": "prefetch"}):
                answer = await site.visitor.request(method, path + query, headers=headers)
                assert answer.status_code in (200, 204)
    assert await state(owner) == before


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?score=0", [0]),
        ("?score=10", [10]),
        *((f"?score={text}", []) for text in ("11", "-1", "", "x", "5.0", "٥", "1e1", "%3Cb%3E", "9" * 500)),
        ("?score=&score=3", []),
        ("?other=3", []),
        ("?lang=en&score=4&utm_source=mail", [4]),
    ],
)
async def test_a_score_in_the_address_is_chosen_if_it_is_valid(
    site: HostedSite, query: str, expected: list[int]
) -> None:
    page = await site.visitor.get(await site.link() + query)
    assert (page.status_code, chosen(page.text)) == (200, expected)


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        *(({"score": text}, {"score"}) for text in ("", "11", "-1", "5.0", "x", "٥", "1 ")),
        ({}, {"score"}),
        ({"score": "5", "comment": "x" * 10_001}, {"comment"}),
        ({"score": "99", "comment": "x" * 10_001}, {"score", "comment"}),
    ],
)
async def test_a_wrong_form_is_shown_again(
    site: HostedSite, owner: Owner, form: dict[str, str], wrong: set[str]
) -> None:
    path = await site.link(language="en")
    before = await state(owner)
    answer = await site.visitor.submit(path, **form)
    assert (answer.status_code, field_errors(answer.text).keys()) == (400, wrong)
    assert form.get("comment", "") in answer.text
    assert await state(owner) == before
    assert (await site.visitor.submit(path, score="5", comment="界" * 10_000)).status_code == 303


@pytest.mark.parametrize("body", [b"score=%ff", b"score=5&score=6", b"score=5&comment=%00"])
async def test_a_broken_body_is_shown_as_an_error(site: HostedSite, owner: Owner, body: bytes) -> None:
    path = await site.link()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await site.visitor.post(path, content=body, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/html; charset=utf-8")
    assert await owner.fetchval("SELECT count(*) FROM feedback") == 0


@pytest.mark.parametrize("status", ["EXPIRED", "DISMISSED", "WITHDRAWN"])
async def test_a_closed_survey_is_gone(site: HostedSite, owner: Owner, status: str) -> None:
    path = await site.link(language="en")
    await owner.execute("UPDATE survey SET status = $1", status)
    before = await state(owner)
    for answer in (await site.visitor.get(path), await site.visitor.submit(path, score="5")):
        assert (answer.status_code, "This survey is closed" in answer.text) == (410, True)
    assert await state(owner) == before


async def test_a_forged_link_is_not_found(site: HostedSite, owner: Owner) -> None:
    path = await site.link()
    token = path.removeprefix("/s/")
    key = await owner.fetchval("SELECT link_key FROM workspace WHERE slug = 'default'")
    survey, workspace = SurveyId(uuid7()), site.workspace_id()
    unknown = tokens.sign(key, workspace, Purpose.ANSWER, survey)
    other = tokens.sign(key, workspace, Purpose.UNSUBSCRIBE, SurveyId(await owner.fetchval("SELECT id FROM survey")))
    forged = [token[:-1], f"{token}A", token[:-1] + ("A" if token[-1] != "A" else "B"), token.upper(), "x", unknown]
    forged += [f"{survey.hex}{token[32:]}", other, f"{token}%0A", "%00", "\U0001f600"]
    for text in forged:
        pages = [await site.visitor.get(f"/s/{text}"), await site.visitor.submit(f"/s/{text}", score="5")]
        assert {page.status_code for page in pages} <= {404, 400} if text == "%00" else {404}
    elsewhere = await site.browser("acme").get(path)
    assert (elsewhere.status_code, "<a href" in elsewhere.text) == (404, False)
    assert await owner.fetchval("SELECT count(*) FROM feedback") == 0


async def test_surveys_of_other_origins_have_no_page(site: HostedSite, owner: Owner) -> None:
    await site.link()
    survey = SurveyId(await owner.fetchval("SELECT id FROM survey"))
    await owner.execute("UPDATE survey SET origin = 'ticket', campaign_id = NULL")
    key = await owner.fetchval("SELECT link_key FROM workspace WHERE slug = 'default'")
    token = tokens.sign(key, site.workspace_id(), Purpose.ANSWER, survey)
    assert (await site.visitor.get(f"/s/{token}")).status_code == 404


@pytest.mark.parametrize(
    ("language", "direction", "question"),
    [
        (None, "ltr", "Как вам?"),
        ("en", "ltr", TEXTS["en"]["question"]),
        ("ar", "rtl", TEXTS["ar"]["question"]),
        ("yi", "rtl", TEXTS["yi"]["question"]),
        ("fr", "ltr", "Как вам?"),
    ],
)
async def test_a_page_has_the_language_of_its_survey(
    site: HostedSite, language: str | None, direction: str, question: str
) -> None:
    code = await site.survey_type("FIVE", 1, 5)
    path = await site.link(survey_type_code=code, language=language)
    page = (await site.browser(**{"accept-language": "de"}).get(path)).text
    shown = "ru" if question == "Как вам?" else language
    assert f'<html lang="{shown}" dir="{direction}">' in page
    assert f">{question}</h1>" in page
    assert ("Отправить" in page) is (shown == "ru")
    await site.visitor.submit(path, score="5")
    thanks = "Спасибо!" if shown == "ru" else TEXTS[str(language)]["thanks"]
    assert f">{thanks}</h1>" in (await site.visitor.get(path)).text


async def test_pages_are_small_private_and_hidden_from_search(site: HostedSite) -> None:
    code = await site.survey_type("HUNDRED", 0, 100)
    path = await site.link(survey_type_code=code)
    page = await site.visitor.get(path)
    assert scores(page.text) == list(range(101))
    for answer in (page, await site.visitor.submit(path, score="x"), await site.visitor.get(f"{path}?score=5")):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["x-robots-tag"] == "noindex, nofollow"
        files = [await site.visitor.get(file) for file in re.findall(r'(?:href|src)="(/[^"]+)"', answer.text)]
        assert len(answer.content) + sum(len(file.content) for file in files) < 15_000


async def test_hostile_texts_stay_texts(site: HostedSite, owner: Owner) -> None:
    evil = "<script>alert(1)</script>\"'&{{7*7}}\u202e"
    code = await site.survey_type("EVIL", 1, 5, question=evil, thanks=evil, translations={})
    path = await site.link(survey_type_code=code)
    refused = await site.visitor.submit(path, score='"><script>', comment=evil)
    for page in (await site.visitor.get(f"{path}?score=%22%3E%3Cscript%3E"), refused):
        assert "<script" not in page.text
        assert "&lt;script&gt;alert(1)" in page.text
    await site.visitor.submit(path, score="5", comment=evil)
    assert await owner.fetchval("SELECT comment FROM feedback") == evil
    assert "<script" not in (await site.visitor.get(path)).text


async def test_answers_of_one_client_are_limited(site: HostedSite, owner: Owner) -> None:
    path = await site.link()
    await site.visitor.submit(path, score="x")
    await owner.execute("UPDATE rate_limit SET count = $1", RateLimit.ANSWER_SURVEY.limit.max_attempts)
    limited = await site.visitor.submit(path, score="5")
    assert (limited.status_code, "retry-after" in limited.headers) == (429, True)
    assert (await site.visitor.get(path)).status_code == 200
    assert (await site.browser(client="10.0.0.9").submit(path, score="5")).status_code == 303


async def test_another_site_cannot_answer(site: HostedSite, owner: Owner) -> None:
    path = await site.link()
    answer = await site.visitor.post(path, data={"score": "5"}, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert await owner.fetchval("SELECT count(*) FROM feedback") == 0


async def test_a_link_works_after_the_campaign_was_deleted(site: HostedSite) -> None:
    campaign = await site.api.open(channels=["link"])
    path = path_of(expect_ok(await site.request(campaign["id"]), 201)["link"])
    await site.api.client.delete(f"/api/v1/campaigns/{campaign['id']}")
    assert (await site.visitor.submit(path, score="5")).status_code == 303  # F50
