"""Concurrent duplicates, lists in any order, and changes of a campaign during its events."""

import asyncio
from random import Random
from uuid import UUID

from tests.support.campaign_invariants import assert_counts_agree, funnel, statuses, until_one_waits
from tests.support.campaigns import ORDER, PLAN, TICKET, CampaignApi
from tests.support.clients import error_code, expect_ok
from tests.support.invariants import Owner
from tests.support.survey_types import CES7


async def test_concurrent_duplicates_open_one_survey(api: CampaignApi, owner: Owner) -> None:  # F35
    await api.open()
    results = await asyncio.gather(*(api.order(guid=f"g{number % 3}") for number in range(50)))
    assert sorted(one["status"] for one in results) == ["created"] + ["duplicate"] * 49
    assert len([survey for one in results for survey in one["surveys"]]) == 1
    assert await statuses(owner) == ["PENDING"]
    assert await funnel(owner) == {"opened": 1}
    await assert_counts_agree(owner)


async def test_concurrent_lists_in_any_order_do_not_deadlock(api: CampaignApi, owner: Owner) -> None:  # F35
    for trigger in ("ORDER_COMPLETED", "ORDER_COMPLETED", "TICKET_CLOSED"):
        await api.open(trigger_type=trigger)
    events = [event | {"context_id": str(number)} for number in range(40) for event in (ORDER, TICKET)]
    shuffled = [Random(seed).sample(events, len(events)) for seed in range(16)]  # noqa: S311
    results = await asyncio.gather(*(api.send(*some) for some in shuffled))
    assert sum(len(one["surveys"]) for some in results for one in some) == 120
    assert await funnel(owner) == {"opened": 120}
    await assert_counts_agree(owner)


async def test_an_event_waits_for_a_concurrent_change_of_the_survey_type(api: CampaignApi, owner: Owner) -> None:  # F12
    """The event waits for the change of the survey type, and its survey has the new type."""
    campaign = await api.open()
    async with owner.transaction():
        await owner.execute("SELECT FROM campaign FOR UPDATE")
        await owner.execute("UPDATE campaign SET survey_type_code = 'CSAT'")
        event = asyncio.create_task(api.ask())
        await until_one_waits(owner)
    await event
    (survey,) = await api.surveys()
    assert (
        survey["survey_type"] == expect_ok(await api.get(f"campaigns/{campaign['id']}"))["survey_type_code"] == "CSAT"
    )


async def test_events_and_changes_of_the_survey_type_stay_consistent(api: CampaignApi, owner: Owner) -> None:  # F12
    """A refused change leaves the campaign; after an accepted one there is no survey of the old type."""
    campaigns = [await api.open(trigger_type="TICKET_CLOSED") for _ in range(10)]
    changed = PLAN | {"survey_type_code": "CES", "trigger_type": "TICKET_CLOSED"}
    changes = [api.put(f"campaigns/{campaign['id']}", changed) for campaign in campaigns]
    events = [api.post("events", TICKET | {"context_id": str(number)}) for number in range(5)]
    answers = await asyncio.gather(*changes[:5], *events, *changes[5:])
    assert {answer.status_code for answer in answers} <= {200, 202, 409}
    differing = """
        SELECT count(*) FROM survey JOIN campaign ON campaign.id = campaign_id
        WHERE survey.survey_type_code <> campaign.survey_type_code
    """
    assert await owner.fetchval(differing) == 0
    assert await funnel(owner) == {"opened": 50}
    await assert_counts_agree(owner)


async def test_a_change_of_the_survey_type_waits_for_a_concurrent_event(api: CampaignApi, owner: Owner) -> None:  # F12
    campaign = await api.open()
    async with owner.transaction():
        await owner.execute("SELECT FROM campaign FOR KEY SHARE")
        change = asyncio.create_task(api.put(f"campaigns/{campaign['id']}", PLAN | {"survey_type_code": "CES"}))
        await until_one_waits(owner)
        await owner.execute(NEW_SURVEY, UUID(campaign["id"]))
    assert error_code(await change) == (409, "CAMPAIGN_HAS_SURVEYS")


NEW_SURVEY = """
    INSERT INTO survey (workspace_id, id, survey_type_code, origin, origin_id, campaign_id, guid, context_type,
                        context_id, scheduled_at, create_time, last_update_time)
    SELECT workspace_id, gen_random_uuid(), 'NPS', 'campaign', $1, $1, 'g', 'ORDER', 'c', now(), now(), now()
    FROM campaign
"""


async def test_concurrent_survey_types_with_one_code_create_one(api: CampaignApi) -> None:
    answers = await asyncio.gather(*(api.post("survey-types", CES7) for _ in range(8)))
    (made,) = [answer for answer in answers if answer.status_code == 201]
    assert {error_code(answer) for answer in answers if answer is not made} == {(409, "SURVEY_TYPE_ALREADY_EXISTS")}
