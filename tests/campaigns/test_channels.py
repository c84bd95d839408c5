"""The channels of campaigns: stored, kept, and which surveys they open, list and link to."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.support.campaigns import GUID, PLAN, CampaignApi
from tests.support.clients import error_code, expect_ok, invalid_fields
from tests.support.hosted import HostedSite, path_of
from tests.support.invariants import Owner
from tests.support.sites import closing

from voxpop.db.pool import Database
from voxpop.surveys import campaign_surveys
from voxpop.types import utcnow

PATH = "/api/v1/surveys"


@pytest.fixture
async def site(database: Database) -> AsyncIterator[HostedSite]:
    async with closing(await HostedSite(database).set_up()) as site:
        yield site


def of(campaign: Any) -> tuple[list[str], int | None, str | None]:
    return campaign["channels"], campaign["reminder_after_days"], campaign["language"]


async def test_channels_are_stored_and_kept(api: CampaignApi) -> None:
    default = await api.open()  # F16
    assert of(default) == (["in_app"], None, None)
    given = {"channels": ["email", "link", "email"], "reminder_after_days": 3, "language": "pt-br"}
    stored = await api.open(**given)
    path = f"campaigns/{stored['id']}"
    assert of(stored) == of(expect_ok(await api.get(path))) == (["email", "link"], 3, "pt-br")
    assert of(expect_ok(await api.put(path, PLAN))) == (["email", "link"], 3, "pt-br")  # F12
    nulls = PLAN | {"reminder_after_days": None, "language": None, "channels": ["link"]}
    assert of(expect_ok(await api.put(path, nulls))) == (["link"], None, None)
    assert of(expect_ok(await api.post("campaigns/filter", {}))["campaigns"][0]) == (["link"], None, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("channels", value) for value in ([], ["sms"], ["email", "EMAIL"], "email", None, [None], {}, [1])),
        *(("reminder_after_days", value) for value in (0, 31, -1, 1.5, "3", True)),
        *(("language", value) for value in ("", "e", "EN", "en_GB", "x" * 36, 1, "\x00\x00")),
    ],
)
async def test_other_values_are_refused(api: CampaignApi, field: str, value: Any) -> None:
    stored = await api.open(channels=["email"], reminder_after_days=2, language="en")
    answers = [
        await api.post("campaigns", PLAN | {field: value}),
        await api.put(f"campaigns/{stored['id']}", PLAN | {field: value}),
    ]
    assert [answer.status_code for answer in answers] == [400, 400]  # F14
    assert expect_ok(await api.get(f"campaigns/{stored['id']}")) == stored


async def test_surveys_are_listed_in_an_app_only_with_that_channel(api: CampaignApi) -> None:
    campaign = await api.open(channels=["email"], name="Email")
    both = await api.open(channels=["in_app", "email"], name="Both")
    ids = (await api.order())["surveys"]
    assert len(ids) == 2
    assert [one["campaign_id"] for one in await api.surveys()] == [both["id"]]  # F40
    assert (await api.submit(ids[0])).status_code == 200
    await api.put(f"campaigns/{campaign['id']}", PLAN | {"channels": ["in_app"]})
    assert len(await api.surveys()) == 1


async def test_with_links_alone_events_open_nothing(api: CampaignApi) -> None:
    await api.open(channels=["link"])
    assert (await api.order())["status"] == "ignored"
    await api.open(channels=["link", "email"])
    assert (await api.order())["status"] == "created"


async def test_a_link_is_requested_once_for_a_context(site: HostedSite, owner: Owner) -> None:
    campaign = (await site.api.open(channels=["link"], delay_hours=24))["id"]
    first = expect_ok(await site.request(campaign), 201)
    assert first.keys() == {"survey_id", "link"}
    assert first["link"].startswith("http://voxpop.test/s/")
    assert expect_ok(await site.request(campaign, guid="cust_2")) == first
    assert expect_ok(await site.request(campaign, "order_2"), 201)["survey_id"] != first["survey_id"]
    row = await owner.fetchrow("SELECT * FROM survey WHERE id = $1", first["survey_id"])
    assert (row["guid"], row["context_type"], row["context_id"]) == (GUID, "ORDER", "order_1")
    assert row["sent_at"] is not None
    assert row["scheduled_at"] == row["create_time"]
    counts = "SELECT sum(opened) AS opened, sum(shown) AS shown FROM survey_count WHERE series_kind = 'campaign'"
    assert tuple(await owner.fetchrow(f"{counts} AND grain = 'day'")) == (2, 2)


async def test_links_requested_at_once_are_the_same(site: HostedSite, owner: Owner) -> None:
    campaign = (await site.api.open(channels=["link"]))["id"]
    answers = await asyncio.gather(*(site.request(campaign) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.text for answer in answers}) == 1
    assert await owner.fetchval("SELECT sum(opened) FROM survey_count WHERE series_kind = 'workspace'") == 2


async def test_a_survey_of_an_event_gets_a_link_too(site: HostedSite, owner: Owner) -> None:
    campaign = (await site.api.open(channels=["in_app", "link"], delay_hours=24))["id"]
    (survey,) = (await site.api.order(context_id="order_1"))["surveys"]
    answer = expect_ok(await site.request(campaign))
    assert answer["survey_id"] == survey
    assert await owner.fetchval("SELECT sent_at IS NOT NULL FROM survey")
    assert (await site.visitor.submit(path_of(answer["link"]), score="10")).status_code == 303  # F65


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"active": False}, "CAMPAIGN_NOT_RUNNING"),
        ({"start_date": "2124-01-01"}, "CAMPAIGN_NOT_RUNNING"),
        ({"end_date": "2024-01-02"}, "CAMPAIGN_NOT_RUNNING"),
        ({"channels": ["in_app", "email"]}, "CAMPAIGN_WITHOUT_LINKS"),
    ],
)
async def test_some_campaigns_open_no_survey_for_a_link(
    site: HostedSite, owner: Owner, changes: dict[str, Any], code: str
) -> None:
    campaign = (await site.api.open(**{"channels": ["link"]} | changes))["id"]
    assert error_code(await site.request(campaign)) == (409, code)
    assert await owner.fetchval("SELECT count(*) FROM survey") == 0


async def test_a_repeat_gets_the_first_survey_after_the_end_too(site: HostedSite) -> None:
    campaign = (await site.api.open(channels=["link"]))["id"]
    first = expect_ok(await site.request(campaign), 201)
    await site.api.put(f"campaigns/{campaign}", PLAN | {"active": False})
    assert expect_ok(await site.request(campaign)) == first
    await site.api.client.delete(f"/api/v1/campaigns/{campaign}")
    assert error_code(await site.request(campaign)) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"campaign_id": "x"}, "campaign_id"),
        ({"guid": " "}, "guid"),
        ({"guid": "x" * 256}, "guid"),
        ({"guid": "\x00"}, "guid"),
        ({"context": {"type": "VISIT", "context_id": "1"}}, "context.type"),
        ({"context": {"type": "ORDER", "context_id": ""}}, "context.context_id"),
        ({"context": {"type": "ORDER"}}, "context.context_id"),
        ({"context": None}, "context"),
    ],
)
async def test_a_wrong_request_is_refused(site: HostedSite, change: dict[str, Any], field: str) -> None:
    campaign = (await site.api.open(channels=["link"]))["id"]
    body = {"campaign_id": campaign, "guid": "g", "context": {"type": "ORDER", "context_id": "1"}}
    assert invalid_fields(await site.api.post("surveys", body | change)) == [field]


async def test_a_campaign_of_another_workspace_is_unknown(site: HostedSite) -> None:
    campaign = (await (await site.client("acme")).open(channels=["link"]))["id"]
    assert error_code(await site.request(campaign)) == (404, "NOT_FOUND")


async def test_a_linked_survey_expires_like_one_that_was_shown(site: HostedSite, owner: Owner) -> None:
    path = await site.link(language="en")
    await owner.execute("UPDATE survey SET sent_at = sent_at - interval '8 days'")
    async with site.database.transaction(site.workspace_id()) as tx:
        assert await campaign_surveys.expire_surveys(tx, site.workspace_id(), utcnow(), 7, None, utcnow()) == 1  # F90
    assert (await site.visitor.get(path)).status_code == 410
