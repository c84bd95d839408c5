"""The definitions of filters agree with each other, with the API and with the page of the inbox."""

import re
from dataclasses import fields
from datetime import UTC, datetime
from uuid import UUID

import pytest
from tests.support.inbox import InboxSite

from voxpop.tickets.api.parameters import FilterParameters
from voxpop.tickets.lists.filters import CONDITIONS, FILTERS, Criteria, Filter, FilterTexts, TicketFilter
from voxpop.types import AccountId

MEMBER, NOW = AccountId(UUID(int=7)), datetime(2026, 11, 24, 12, tzinfo=UTC)
OPTIONS = [(each, option.value) for each in FILTERS for option in each.options]


def test_each_text_of_the_address_has_a_filter() -> None:
    assert [each.name for each in FILTERS] == list(FilterTexts.__struct_fields__)


@pytest.mark.parametrize(("each", "value"), OPTIONS, ids=[f"{each.name}={value}" for each, value in OPTIONS])
def test_each_option_of_a_filter_narrows_the_list(each: Filter, value: str) -> None:
    assert each.accepts(value)
    ticket_filter = FilterTexts(**{each.name: value}).to_filter(MEMBER, NOW)
    assert ticket_filter != TicketFilter()
    assert set(ticket_filter.api_parameters) <= {field.name for field in fields(FilterParameters)}


@pytest.mark.parametrize(
    "texts",
    [{"status": "Odd"}, {"assignee": "ann"}, {"priority": "high"}, {"rating": "6"}, {"updated": "2"}],
    ids=str,
)
def test_an_unknown_value_is_not_accepted(texts: dict[str, str]) -> None:
    assert [each.accepts(texts[each.name]) for each in FILTERS if each.name in texts] == [False]


@pytest.mark.parametrize("name", CONDITIONS)
def test_each_condition_names_its_own_parameter(name: str) -> None:
    condition = CONDITIONS[name]
    for sql in (condition.sql, condition.tag_sql or condition.sql):
        assert set(re.findall(r"(?<!:):(\w+)", sql)) - {"workspace"} == {name}


def test_the_criteria_have_a_parameter_for_each_condition() -> None:
    tag = UUID(int=1)
    criteria = Criteria.of(TicketFilter(tag="a", requester="ann@example.com"), tag, None)
    assert criteria.parameters.keys() == CONDITIONS.keys()
    assert not criteria.fits_ticket_tag
    assert Criteria.of(TicketFilter(tag="a", unassigned=True), tag, None).fits_ticket_tag


async def test_the_inbox_has_a_control_for_each_filter(inbox: InboxSite) -> None:
    page = (await inbox.agent.get("/inbox")).text
    form = page[page.index('<form class="filters"') :]
    controls = re.findall(r'<(?:input|select)[^>]* name="(\w+)"', form[: form.index("</form>")])
    assert sorted(controls) == sorted([*FilterTexts.__struct_fields__, "sort"])
