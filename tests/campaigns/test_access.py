"""Scopes of the campaign API, and the separation of workspaces."""

import re
from typing import Any
from uuid import uuid4

from tests.support.campaign_invariants import assert_counts_agree
from tests.support.campaigns import API, GUID, PLAN, CampaignApi
from tests.support.clients import error_code, expect_ok
from tests.support.factories import Factory
from tests.support.invariants import Owner
from tests.support.survey_types import CES7

from voxpop.types import Scope

TABLE = """
    ingest  POST    events
    ingest  GET     feedback/surveys
    ingest  POST    feedback/submit
    read    POST    campaigns/filter
    read    GET     campaigns/{id}
    read    GET     survey-types
    read    GET     events/dead-letters
    manage  POST    campaigns
    manage  PUT     campaigns/{id}
    manage  DELETE  campaigns/{id}
    manage  POST    survey-types
    manage  PUT     survey-types/{code}
    manage  POST    events/dead-letters/{id}/replay
"""
EXPECTED = [line.split() for line in TABLE.strip().splitlines()]


async def test_each_route_requires_exactly_its_scope(make: Factory) -> None:  # G1
    workspace = await make.workspace("ours")
    clients = {scope: await make.client(workspace, scope) for scope in Scope}
    for scope, method, path in EXPECTED:
        address = f"{API}/{path.format(id=uuid4(), code='NPS')}"
        for held, client in clients.items():
            answer = await client.request(method, address, json={})
            if held == scope:
                assert answer.status_code not in (401, 403), (path, held)
            else:
                assert error_code(answer) == (403, "FORBIDDEN"), (path, held)
        assert error_code(await make.anonymous().request(method, address, json={})) == (401, "UNAUTHORIZED")


async def test_a_key_with_the_ingest_scope_sends_events_and_answers(make: Factory) -> None:  # G1
    workspace = await make.workspace("ours")
    await CampaignApi(await make.client(workspace, Scope.MANAGE)).open()
    shop = CampaignApi(await make.client(workspace, Scope.INGEST))
    survey = await shop.ask()
    assert await shop.shown() == ["order_456"]
    expect_ok(await shop.submit(survey))


async def test_workspaces_share_nothing(api: CampaignApi, theirs: CampaignApi, owner: Owner) -> None:  # G1, F45
    """Both workspaces have the same contexts and customers."""
    mine, other = await api.open(), await theirs.open(survey_type_code="CSAT")
    my_survey, their_survey = await api.ask(), await theirs.ask()
    assert [one["survey_id"] for one in await api.surveys(GUID)] == [my_survey]
    assert [one["survey_id"] for one in await theirs.surveys(GUID)] == [their_survey]
    assert (await api.ids(), await theirs.ids()) == ([mine["id"]], [other["id"]])
    expect_ok(await api.submit(my_survey, 10))
    assert await theirs.shown() == ["order_456"]
    await assert_counts_agree(owner)


async def test_resources_of_another_workspace_are_not_found(
    api: CampaignApi, theirs: CampaignApi, owner: Owner
) -> None:  # G1, F11, F62
    campaign = await theirs.open()
    survey = await theirs.ask()
    expect_ok(await theirs.post("survey-types", CES7 | {"code": "THEIRS"}), 201)
    before = [await owner.fetch(f"TABLE {table}") for table in ("campaign", "survey", "feedback", "survey_type")]
    calls: list[tuple[str, str, Any]] = [
        ("GET", "campaigns/{campaign}", None),
        ("PUT", "campaigns/{campaign}", PLAN),
        ("DELETE", "campaigns/{campaign}", None),
        ("PUT", "survey-types/{code}", CES7),
        ("POST", "feedback/submit", {"survey_id": "{survey}", "score": 9}),
    ]
    known = {"campaign": campaign["id"], "survey": survey, "code": "THEIRS"}
    unknown = {"campaign": str(uuid4()), "survey": str(uuid4()), "code": "THEIR5"}
    for method, path, body in calls:
        texts = []
        for ids in (known, unknown):
            sent = body and body | ({"survey_id": ids["survey"]} if "survey_id" in body else {})
            answer = await api.client.request(method, f"{API}/{path.format(**ids)}", json=sent)
            assert error_code(answer) == (404, "NOT_FOUND"), path
            texts.append(re.sub("|".join([*ids.values(), '"traceId":"[^"]*"']), "id", answer.text))
        assert texts[0] == texts[1]
    after = [await owner.fetch(f"TABLE {table}") for table in ("campaign", "survey", "feedback", "survey_type")]
    assert before == after


async def test_a_survey_type_of_another_workspace_is_unknown(api: CampaignApi, theirs: CampaignApi) -> None:  # G1, F14
    expect_ok(await theirs.post("survey-types", CES7 | {"code": "THEIRS"}), 201)
    assert error_code(await api.post("campaigns", PLAN | {"survey_type_code": "THEIRS"})) == (
        400,
        "UNKNOWN_SURVEY_TYPE",
    )
    await theirs.open(survey_type_code="THEIRS")


async def test_a_body_that_is_not_json_is_unsupported(api: CampaignApi) -> None:  # G2
    form = {"content-type": "application/x-www-form-urlencoded"}
    for path in ("events", "feedback/submit", "campaigns", "survey-types"):
        answer = await api.client.post(f"{API}/{path}", content="a=1", headers=form)
        assert error_code(answer) == (415, "UNSUPPORTED_MEDIA_TYPE")
