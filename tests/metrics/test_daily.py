"""The daily aggregation: rows, messages, and repeated runs."""

import asyncio
import json
from datetime import date, datetime, timedelta

import pytest
from tests.support.clients import Client
from tests.support.invariants import Owner
from tests.support.metrics import DAY, NIGHT, Campaigns, daily_metrics, local, messages, noon

from voxpop.db.pool import Database
from voxpop.metrics import daily

HELD = ("id", "create_time", "create_user")


@pytest.mark.parametrize(
    ("survey_type", "scores", "expected"),
    [
        ("NPS", (10, 7, 0), (3, 0.0, 1, 1, 1)),  # F80
        ("NPS", (9, 8, 6, 0), (4, -25.0, 1, 1, 2)),  # F80
        ("CSAT", (5, 3), (2, 50.0, None, None, None)),  # F81
        ("CSAT", (4, 5, 1), (3, 66.67, None, None, None)),  # F81, F83
        ("CES", (5, 4), (2, 4.5, None, None, None)),  # F82
        ("CES", (5, 4, 4), (3, 4.33, None, None, None)),  # F82, F83
    ],
)
async def test_the_score_of_a_day_follows_the_formula_of_the_survey_type(
    ours: Campaigns, owner: Owner, survey_type: str, scores: tuple[int, ...], expected: tuple[float | None, ...]
) -> None:
    campaign = await ours.open(survey_type)
    await ours.answer(campaign, *scores)
    await ours.aggregate()
    (row,) = await daily_metrics(owner)
    fields = ("total_responses", "score_value", "promoters", "passives", "detractors")
    assert tuple(None if row[field] is None else float(row[field]) for field in fields) == expected
    assert (row["campaign_id"], row["date"], row["survey_type_code"]) == (campaign, DAY, survey_type)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (local("Europe/Berlin", 2026, 3, 9, 23, 59, 59, 999_999), date(2026, 3, 9)),
        (local("Europe/Berlin", 2026, 3, 10), DAY),
        (local("Europe/Berlin", 2026, 3, 10, 23, 59, 59, 999_999), DAY),
        (local("Europe/Berlin", 2026, 3, 11), date(2026, 3, 11)),
    ],
)
async def test_a_day_lasts_from_midnight_to_midnight_in_the_workspace_time_zone(
    ours: Campaigns, moment: datetime, day: date
) -> None:  # F79, G3
    await ours.move("Europe/Berlin")
    await ours.answer(await ours.open(), 10, at=moment)
    counted = [around for around in (9, 10, 11) if await ours.aggregate(DAY.replace(day=around))]
    assert counted == [day.day]


async def test_an_answer_counts_for_the_day_of_the_answer(ours: Campaigns) -> None:  # F69, F79
    campaign = await ours.open()
    ours.clock.now = noon(4)
    asked = await ours.ask(campaign)
    ours.clock.now = noon(10)
    await ours.submit(asked, 9)
    assert await ours.aggregate(date(2026, 3, 4)) == []
    assert [row.total_responses for row in await ours.aggregate(DAY)] == [1]


async def test_an_existing_row_is_updated(ours: Campaigns, owner: Owner) -> None:  # F84
    campaign = await ours.open()
    await ours.answer(campaign, 10)
    await ours.aggregate(now=noon(10))
    (before,) = await daily_metrics(owner)
    await ours.answer(campaign, 0)
    await ours.aggregate(now=NIGHT)
    (after,) = await daily_metrics(owner)
    assert [after[field] for field in HELD] == [before[field] for field in HELD]
    assert (before["total_responses"], float(before["score_value"])) == (1, 100)
    assert (after["total_responses"], float(after["score_value"]), after["detractors"]) == (2, 0, 1)
    assert (after["last_update_time"], after["last_update_user"]) == (NIGHT, "system")  # F7
    assert after["counts"] == [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]


async def test_a_campaign_without_answers_has_no_row_and_no_message(ours: Campaigns, owner: Owner) -> None:  # F85
    answered, silent = await ours.open(name="Answered"), await ours.open(name="Silent")
    await ours.answer(answered, 10)
    await ours.answer(silent, 10, at=noon(9))
    assert [row.campaign_id for row in await ours.aggregate()] == [answered]
    assert [message["campaign_id"] for message in await messages(owner)] == [str(answered)]


async def test_deleted_and_paused_campaigns_are_aggregated(ours: Campaigns, owner: Owner) -> None:  # F86
    deleted, paused = await ours.open(name="Deleted"), await ours.open(name="Paused")
    asked = [await ours.ask(deleted), await ours.ask(paused)]
    await ours.delete(deleted)
    await owner.execute("UPDATE campaign SET active = false WHERE id = $1", paused)
    for surveys in asked:
        await ours.submit(surveys, 9)
    assert {row.campaign_id for row in await ours.aggregate()} == {deleted, paused}
    assert {message["campaign_name"] for message in await messages(owner)} == {"Deleted", "Paused"}


async def test_the_message_has_the_fields_of_the_contract(ours: Campaigns, owner: Owner) -> None:  # F87
    campaign = await ours.open(name="NPS после заказа")
    await ours.answer(campaign, 10, 7, 7)
    await ours.aggregate(now=NIGHT)
    (row,) = await owner.fetch("SELECT * FROM outbox WHERE kind = 'daily-metrics'")
    assert (row["key"], row["workspace_id"]) == (str(campaign), ours.workspace)
    assert (row["create_time"], row["sent_at"]) == (NIGHT, None)
    assert list(json.loads(row["body"]).items()) == [
        ("event_type", "DAILY_METRICS_AGGREGATED"),
        ("campaign_id", str(campaign)),
        ("campaign_name", "NPS после заказа"),
        ("date", "2026-03-10"),
        ("type", "NPS"),
        ("total_responses", 3),
        ("score_value", 33.33),
        ("promoters", 1),
        ("passives", 2),
        ("detractors", 0),
        ("timestamp", "2026-03-11T00:05:00.000Z"),
    ]


async def test_the_groups_of_other_types_are_null_in_the_message(ours: Campaigns, owner: Owner) -> None:  # F87
    await ours.answer(await ours.open("CSAT"), 5, 3)
    await ours.aggregate()
    (message,) = await messages(owner)
    assert (message["promoters"], message["passives"], message["detractors"]) == (None, None, None)
    assert message["score_value"] == 50


async def test_a_run_by_hand_sends_every_row_again(ours: Campaigns, owner: Owner) -> None:  # F87
    for name in "ab":
        await ours.answer(await ours.open(name=name), 10)
    await ours.aggregate()
    before = await daily_metrics(owner)
    await ours.aggregate(now=NIGHT + timedelta(hours=1))
    sent = await messages(owner)
    assert [message["timestamp"][11:16] for message in sent] == ["00:05", "00:05", "01:05", "01:05"]
    assert await daily_metrics(owner) == before


async def test_a_nightly_run_sends_its_day_and_changed_earlier_days(ours: Campaigns, owner: Owner) -> None:  # F87
    first, other = await ours.open(name="First"), await ours.open(name="Other")
    for day in (3, 4, 5, 9, 10):
        for campaign in (first, other):
            await ours.answer(campaign, 10, at=noon(day))
        await ours.aggregate(date(2026, 3, day))
    await owner.execute("DELETE FROM outbox")
    for day in (3, 4, 9):  # the nightly run goes back to the fourth
        await ours.answer(first, 0, at=noon(day))
    await ours.aggregate_night()
    sent = [
        (message["date"], message["campaign_name"], message["total_responses"]) for message in await messages(owner)
    ]
    assert sorted(sent[2:]) == [("2026-03-10", "First", 1), ("2026-03-10", "Other", 1)]
    assert sent[:2] == [("2026-03-04", "First", 2), ("2026-03-09", "First", 2)]
    totals = {
        row["date"].day: row["total_responses"] for row in await daily_metrics(owner) if row["campaign_id"] == first
    }
    assert totals == {3: 1, 4: 2, 5: 1, 9: 2, 10: 1}


async def test_a_second_nightly_run_sends_no_unchanged_day(ours: Campaigns, owner: Owner) -> None:  # F84, F87
    await ours.answer(await ours.open(), 10)
    await ours.aggregate_night()
    before = await daily_metrics(owner)
    await ours.aggregate_night(date(2026, 3, 11), NIGHT + timedelta(days=1))
    assert (await daily_metrics(owner), len(await messages(owner))) == (before, 1)


async def test_wrongly_counted_answers_are_corrected(ours: Campaigns, client: Client, owner: Owner) -> None:  # F70, F87
    await ours.answer(await ours.open(), 10)
    await ours.aggregate()
    await owner.execute("UPDATE score_count SET counts = array_fill(0, ARRAY[11])")
    await ours.aggregate(resend=False)
    assert [message["total_responses"] for message in await messages(owner)] == [1, 0]
    assert (await client.post("/api/v1/metrics/filter", json={})).json()["metrics"] == []


async def test_concurrent_runs_agree(ours: Campaigns, owner: Owner, live_db: str) -> None:  # F84, F87
    """Each run has its own pool; the last message of a campaign equals its row."""
    campaigns = [await ours.open(name=str(number)) for number in range(3)]
    pools = [await Database.open(live_db, size=2) for _ in range(6)]

    async def run(pool: Database) -> None:
        async with pool.transaction(ours.workspace) as tx:
            await daily.aggregate_day(tx, ours.workspace, DAY, NIGHT, resend=True)

    for campaign in campaigns:
        await asyncio.gather(ours.answer(campaign, 10, 10, 0), *map(run, pools))
    await asyncio.gather(*map(run, pools))
    rows = {str(row["campaign_id"]): row["total_responses"] for row in await daily_metrics(owner)}
    last = {message["campaign_id"]: message["total_responses"] for message in await messages(owner)}
    assert rows == last == {str(campaign): 3 for campaign in campaigns}
    for pool in pools:
        await pool.close()


async def test_a_run_waits_for_the_previous_run_and_reads_its_counts(ours: Campaigns, owner: Owner) -> None:  # F84
    campaign = await ours.open()
    await ours.answer(campaign, 10)
    async with ours.database.transaction(ours.workspace) as tx:
        await daily.aggregate_day(tx, ours.workspace, DAY, NIGHT, resend=True)
        later = asyncio.create_task(ours.aggregate())
        await asyncio.sleep(0.2)
        assert not later.done()
        await ours.answer(campaign, 0)
    assert [row.total_responses for row in await later] == [2]
    assert [message["total_responses"] for message in await messages(owner)] == [1, 2]


async def test_another_workspace_is_not_affected(ours: Campaigns, theirs: Campaigns, owner: Owner) -> None:  # G1
    for campaigns in (ours, theirs):
        await campaigns.answer(await campaigns.open(), 10)
    await ours.aggregate()
    assert [row["workspace_id"] for row in await daily_metrics(owner)] == [ours.workspace]
    senders = await owner.fetchval("SELECT array_agg(workspace_id) FROM outbox WHERE kind = 'daily-metrics'")
    assert senders == [ours.workspace]
