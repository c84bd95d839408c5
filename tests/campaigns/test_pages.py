"""The forms of campaigns: who may use them, what they refuse, and that they follow the rules of the API."""

import re
from typing import Any
from uuid import uuid4

import pytest
from tests.support.forms import field_errors
from tests.support.inbox import InboxSite
from tests.support.invariants import Owner
from tests.support.sites import Browser

FORM = {
    "name": "After an order",
    "survey_type_code": "NPS",
    "trigger_type": "ORDER_COMPLETED",
    "delay_hours": "2",
    "delay_unit": "days",
    "active": "on",
    "start_date": "2024-01-01",
    "end_date": "2124-12-31",
}
ROW = """SELECT name, survey_type_code, trigger_type, delay_hours, active, deleted, create_user, last_update_user
    FROM campaign"""


async def opened(browser: Browser, **changes: str) -> str:
    """Creates a campaign and returns the path of its page."""
    answer = await browser.submit("/campaigns/new", **FORM | changes)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].partition("?")[0]


async def row(owner: Owner) -> dict[str, Any]:
    return dict(await owner.fetchrow(f"{ROW} ORDER BY create_time DESC LIMIT 1"))


async def test_a_campaign_is_created_as_typed(inbox: InboxSite, member: Browser, owner: Owner) -> None:
    await member.submit("/settings/workspace", name="Acme", time_zone="Asia/Tokyo", cool_down_days="1")
    await opened(member)
    assert await row(owner) == {
        "name": "After an order",
        "survey_type_code": "NPS",
        "trigger_type": "ORDER_COMPLETED",
        "delay_hours": 48,
        "active": True,
        "deleted": False,
        "create_user": "member:owner@example.com",
        "last_update_user": "member:owner@example.com",
    }
    dates = await owner.fetchrow("SELECT start_date, end_date FROM campaign")
    assert [each.isoformat() for each in dates] == ["2023-12-31T15:00:00+00:00", "2124-12-31T14:59:59.999999+00:00"]
    assert "After an order" in (await member.get("/campaigns")).text


async def test_the_form_takes_every_day_that_the_api_takes(member: Browser) -> None:
    """A browser refuses to send a form with a day that is outside of the limits of its field."""
    path = f"{await opened(member, start_date='1990-01-01', end_date='9999-12-31')}/edit"
    page = (await member.get(path)).text
    for name, day in (("start_date", "1990-01-01"), ("end_date", "9999-12-31")):
        (field,) = re.findall(rf'<input id="{name}"[^>]*>', page)
        assert f'value="{day}"' in field
        assert "min=" not in field
        assert 'max="9999-12-31"' in field


async def test_without_days_a_campaign_starts_now_and_has_no_end(member: Browser, owner: Owner) -> None:
    await opened(member, start_date="", end_date="", delay_hours="0", delay_unit="hours")
    assert await owner.fetchval(
        "SELECT start_date = create_time AND end_date IS NULL AND delay_hours = 0 FROM campaign"
    )


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", " ", "Give it a name of at most 200 characters."),
        ("name", "x" * 201, "Give it a name of at most 200 characters."),
        ("name", "\u200b", "Give it a name of at most 200 characters."),
        ("survey_type_code", "", "Choose a survey type."),
        ("survey_type_code", "NONE", "The workspace has no survey type with this code."),
        ("trigger_type", "LATER", "Choose an event."),
        ("delay_hours", "", "Enter a whole number of hours or days, up to 87,600 hours."),
        *(
            ("delay_hours", text, "Enter a whole number of hours or days, up to 87,600 hours.")
            for text in ("-1", "1.5", "1e1", "٣", "3651")
        ),
        ("start_date", "tomorrow", "Enter a day, for example 2026-11-30."),
        ("start_date", "2026-02-30", "Enter a day, for example 2026-11-30."),
        ("end_date", "2023-12-31", "Enter a day that is not before the start."),
    ],
)
async def test_an_error_is_shown_at_its_field(
    member: Browser, owner: Owner, field: str, value: str, message: str
) -> None:
    path = await opened(member)
    before = await owner.fetchrow("SELECT * FROM campaign")
    for address in ("/campaigns/new", f"{path}/edit"):
        answer = await member.submit(address, **FORM | {field: value}, idempotency_key="k" * 22)
        assert (answer.status_code, field_errors(answer.text)) == (400, {field: message})
        assert 'value="2124-12-31"' in answer.text or field == "end_date"
    assert [before] == await owner.fetch("SELECT * FROM campaign")


async def test_all_errors_are_shown_together(member: Browser) -> None:
    answer = await member.submit("/campaigns/new", name="", delay_hours="x", trigger_type="?")
    assert field_errors(answer.text).keys() == {"name", "delay_hours", "trigger_type", "survey_type_code"}


async def test_an_unchanged_form_changes_nothing(member: Browser, owner: Owner) -> None:
    """The day of a date stands for the stored instant."""
    path = await opened(member, delay_hours="5", delay_unit="hours")
    await owner.execute(
        "UPDATE campaign SET start_date = '2024-01-01 13:14:15.161718Z', end_date = '2124-05-06 07:08:09Z'"
    )
    before = await owner.fetchrow("SELECT * FROM campaign")
    unchanged = FORM | {"delay_hours": "5", "delay_unit": "hours", "start_date": "2024-01-01", "end_date": "2124-05-06"}
    page = (await member.get(f"{path}/edit")).text
    assert all(f'value="{value}"' in page for value in ("2024-01-01", "2124-05-06", "5"))
    for start in ("2024-01-01", ""):
        answer = await member.submit(f"{path}/edit", **unchanged | {"start_date": start})
        assert answer.headers["location"] == f"{path}?done=saved"
    assert await owner.fetchrow("SELECT * FROM campaign") == before
    await member.submit(f"{path}/edit", **unchanged | {"name": "Other", "end_date": ""})
    assert await owner.fetchval(
        "SELECT name = 'Other' AND end_date IS NULL AND start_date = $1 FROM campaign", before["start_date"]
    )


async def test_the_type_of_a_campaign_with_surveys_stays(inbox: InboxSite, member: Browser, owner: Owner) -> None:
    path = await opened(member)
    await member.submit(f"{path}/edit", **FORM | {"survey_type_code": "CSAT"})
    assert (await row(owner))["survey_type_code"] == "CSAT"
    await owner.execute(
        "INSERT INTO survey (workspace_id, id, survey_type_code, origin, origin_id, campaign_id, guid, context_type,"
        " context_id, context_date, scheduled_at, create_time, create_user, last_update_time, last_update_user)"
        " SELECT workspace_id, gen_random_uuid(), 'CSAT', 'campaign', id, id, 'g', 'ORDER', '1', now(), now(), now(),"
        " '', now(), '' FROM campaign"
    )
    answer = await member.submit(f"{path}/edit", **FORM)
    assert answer.status_code == 409
    assert field_errors(answer.text)["survey_type_code"].startswith("The campaign already has surveys")
    assert '<select class="select" id="survey_type_code"' not in (await member.get(f"{path}/edit")).text


async def test_a_campaign_is_paused_resumed_ended_and_deleted(member: Browser, owner: Owner) -> None:
    path = await opened(member)
    for step, done, condition in (
        ("pause", "paused", "NOT active"),
        ("resume", "resumed", "active"),
        ("end", "ended", "end_date < now()"),
    ):
        answers = [await member.submit(f"{path}/{step}") for _ in range(2)]
        assert {each.headers["location"] for each in answers} == {f"{path}?done={done}"}
        assert await owner.fetchval(f"SELECT {condition} FROM campaign"), step
    answers = [await member.submit(f"{path}/delete") for _ in range(2)]
    assert {each.headers["location"] for each in answers} == {"/campaigns?done=deleted"}
    assert (await row(owner))["deleted"] is True
    for step in ("pause", "resume", "end", "edit"):
        assert (await member.submit(f"{path}/{step}", **FORM)).status_code == 404


async def test_a_second_click_keeps_the_end(member: Browser, owner: Owner) -> None:
    path = await opened(member)
    await member.submit(f"{path}/end")
    before = await owner.fetchrow("SELECT * FROM campaign")
    await member.submit(f"{path}/end")
    assert await owner.fetchrow("SELECT * FROM campaign") == before


async def test_a_campaign_that_has_not_started_cannot_end(member: Browser, owner: Owner) -> None:
    path = await opened(member, start_date="2100-01-01")
    answer = await member.submit(f"{path}/end")
    assert (answer.status_code, "Pause or delete it." in answer.text) == (409, True)
    assert await owner.fetchval("SELECT end_date > start_date FROM campaign")


async def test_the_preview_changes_nothing(member: Browser, owner: Owner) -> None:
    page = await member.submit("/campaigns/new", **FORM | {"name": "", "survey_type_code": "CSAT"}, preview="1")
    assert page.status_code == 200
    question = await owner.fetchval("SELECT question FROM survey_type WHERE code = 'CSAT' LIMIT 1")
    assert question in page.text
    assert field_errors(page.text) == {}
    assert await owner.fetchval("SELECT count(*) FROM campaign") == 0
    unknown = await member.submit("/campaigns/new", survey_type_code="NONE", preview="1")
    assert (unknown.status_code, "Choose a survey type to see its question." in unknown.text) == (200, True)


async def test_agents_see_campaigns_and_change_none(inbox: InboxSite, member: Browser, owner: Owner) -> None:
    path = await opened(member)
    before = await owner.fetch("SELECT * FROM campaign")
    page = (await inbox.agent.get("/campaigns")).text
    assert "After an order" in page
    assert "/campaigns/new" not in page
    assert (await inbox.agent.get(f"{path}/edit")).status_code == 403
    for address in ("/campaigns/new", *(f"{path}/{step}" for step in ("edit", "pause", "resume", "end", "delete"))):
        assert (await inbox.agent.submit(address, **FORM)).status_code == 403
    assert await owner.fetch("SELECT * FROM campaign") == before


async def test_campaigns_of_another_workspace_are_not_found(inbox: InboxSite, member: Browser, owner: Owner) -> None:
    theirs = await opened(await inbox.owner("acme", "boss@example.com"))
    before = await owner.fetch("SELECT * FROM campaign")
    assert "After an order" not in (await member.get("/campaigns")).text
    for path in (theirs, f"/campaigns/{uuid4()}"):
        assert (await member.get(f"{path}/edit")).status_code == 404
        for step in ("edit", "pause", "resume", "end"):
            assert (await member.submit(f"{path}/{step}", **FORM)).status_code == 404
        await member.submit(f"{path}/delete")
    assert (await member.get("/campaigns/x/edit")).status_code == 400
    assert await owner.fetch("SELECT * FROM campaign") == before


async def test_forms_of_another_site_are_refused(member: Browser, owner: Owner) -> None:
    path = await opened(member)
    before = await owner.fetch("SELECT * FROM campaign")
    for address in ("/campaigns/new", *(f"{path}/{step}" for step in ("edit", "pause", "resume", "end", "delete"))):
        answer = await member.post(address, data=FORM, headers={"sec-fetch-site": "cross-site"})
        assert answer.status_code == 403
    assert await owner.fetch("SELECT * FROM campaign") == before


async def test_channels_are_chosen_and_kept(member: Browser, owner: Owner) -> None:
    asked = "SELECT channels, reminder_after_days, language FROM campaign"
    path = await opened(member)
    assert tuple(await owner.fetchrow(asked)) == (["in_app"], None, None)
    choice = {"channels": ["", "email", "link"], "reminder_after_days": " 3 ", "language": "ru"}
    await member.submit(f"{path}/edit", **FORM | choice)
    assert tuple(await owner.fetchrow(asked)) == (["email", "link"], 3, "ru")
    page = (await member.get(f"{path}/edit")).text
    assert [f'value="{channel}" checked' in page for channel in ("in_app", "email", "link")] == [False, True, True]
    assert '<option value="ru" dir="auto" selected>Russian</option>' in page
    await member.submit(f"{path}/edit", **FORM | {"name": "Other"})
    assert tuple(await owner.fetchrow(asked)) == (["email", "link"], 3, "ru")
    await member.submit(f"{path}/edit", **FORM | {"channels": ["", "email"], "reminder_after_days": "", "language": ""})
    assert tuple(await owner.fetchrow(asked)) == (["email"], None, None)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("channels", "", "Choose at least one."),
        ("channels", "sms", "Choose at least one."),
        *(("reminder_after_days", text, "Enter a whole number of days, 1 to 30.") for text in ("0", "31", "x", "1.5")),
        ("language", "English", "Choose a language."),
    ],
)
async def test_a_wrong_way_of_asking_is_shown_at_its_field(
    member: Browser, owner: Owner, field: str, value: str, message: str
) -> None:
    answer = await member.submit("/campaigns/new", **FORM | {field: value})
    assert (answer.status_code, field_errors(answer.text)) == (400, {field: message})
    assert await owner.fetchval("SELECT count(*) FROM campaign") == 0
