"""Lists of events: their limits, and the independence of their events."""

import json
from collections.abc import AsyncIterator
from typing import Any

from tests.support.campaign_invariants import assert_counts_agree, funnel
from tests.support.campaigns import API, ORDER, TICKET, CampaignApi
from tests.support.clients import Client, error_code, expect_ok
from tests.support.invariants import Owner

LARGEST = 8 * 2**20
JSON = {"content-type": "application/json"}


async def test_a_list_holds_at_most_1000_events(api: CampaignApi, owner: Owner) -> None:
    await api.open()
    await api.open(survey_type_code="CES")
    events = [ORDER | {"context_id": str(number), "guid": f"g{number % 7}"} for number in range(1_000)]
    assert error_code(await api.post("events", [*events, TICKET])) == (400, "VALIDATION_ERROR")
    assert await funnel(owner) == {}
    results = await api.send(*events)
    assert {(one["status"], len(one["surveys"])) for one in results} == {("created", 2)}
    assert {one["status"] for one in await api.send(*events)} == {"duplicate"}
    assert await funnel(owner) == {"opened": 2_000}
    await assert_counts_agree(owner)


async def test_an_empty_list_is_accepted(api: CampaignApi) -> None:
    assert await api.send() == []


async def test_the_size_of_a_list_is_limited(api: CampaignApi) -> None:  # G4
    await api.open()
    room = LARGEST - len(json.dumps(ORDER | {"pad": ""}))
    whole = json.dumps(ORDER | {"pad": "x" * room})
    assert len(whole) == LARGEST
    expect_ok(await api.client.post(f"{API}/events", content=whole, headers=JSON), 202)
    more = await api.client.post(f"{API}/events", content=f"{whole} ", headers=JSON)
    assert error_code(more) == (413, "PAYLOAD_TOO_LARGE")

    async def drops() -> AsyncIterator[bytes]:
        for place in range(0, len(whole), 2**20):
            yield whole[place : place + 2**20].encode()
        yield b" "

    assert error_code(await api.client.post(f"{API}/events", content=drops(), headers=JSON)) == (
        413,
        "PAYLOAD_TOO_LARGE",
    )


async def test_other_bodies_have_a_lower_size_limit(client: Client) -> None:  # G4
    padded = json.dumps({"pad": "x" * 2**20})
    for path in ("campaigns", "campaigns/filter", "feedback/submit", "survey-types"):
        answer = await client.post(f"{API}/{path}", content=padded, headers=JSON)
        assert error_code(answer) == (413, "PAYLOAD_TOO_LARGE"), path


async def test_an_invalid_event_does_not_affect_the_others(api: CampaignApi, owner: Owner) -> None:  # F32
    await api.open()
    bad: list[Any] = [
        None,
        [],
        "x",
        {},
        ORDER | {"guid": ""},
        ORDER | {"context_type": "X"},
        ORDER | {"timestamp": "x"},
    ]
    bad += [ORDER | {"context_id": "x" * 256}]
    mixed = [item for number, one in enumerate(bad) for item in (one, ORDER | {"context_id": str(number)})]
    results = await api.send(*mixed)
    assert [one["status"] for one in results] == ["invalid", "created"] * len(bad)
    assert all(one["message"] and not one["surveys"] for one in results[::2])
    assert await funnel(owner) == {"opened": len(bad)}


async def test_duplicates_in_one_list_open_one_survey(api: CampaignApi, owner: Owner) -> None:  # F26, F29
    await api.open()
    await api.open()
    copies = [ORDER, ORDER | {"guid": "other"}, ORDER | {"context_id": "else"}, ORDER]
    results = await api.send(*copies)
    assert [(one["status"], len(one["surveys"])) for one in results] == [
        ("created", 2),
        ("duplicate", 0),
        ("created", 2),
        ("duplicate", 0),
    ]
    assert {row["guid"] for row in await owner.fetch("SELECT guid FROM survey")} == {ORDER["guid"]}
    await assert_counts_agree(owner)


async def test_an_event_opens_a_survey_in_a_campaign_that_has_none_for_it(
    api: CampaignApi, owner: Owner
) -> None:  # F28
    await api.open()
    await api.ask()
    await api.open()
    results = await api.send(ORDER, ORDER | {"context_id": "new"})
    assert [len(one["surveys"]) for one in results] == [1, 2]
    assert await funnel(owner) == {"opened": 4}
    await assert_counts_agree(owner)
