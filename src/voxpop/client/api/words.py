"""The words of the API, generated from the OpenAPI document by `make clients`.

Type checkers know them. At run time they are texts, so that a word of a later version is no error.
"""

from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    Channel: TypeAlias = Literal["email", "in_app", "link"]
    Compare: TypeAlias = Literal["none", "previous", "year"]
    ContextType: TypeAlias = Literal["ORDER", "TICKET"]
    Delimiter: TypeAlias = Literal["\t", ",", ";"]
    Display: TypeAlias = Literal["auto", "numbers", "smileys", "stars", "thumbs"]
    ExcerptSource: TypeAlias = Literal["customer", "description", "note", "ref", "reply", "requester", "subject"]
    Formula: TypeAlias = Literal["mean", "nps", "share"]
    Kind: TypeAlias = Literal[
        "agent",
        "campaign",
        "feature",
        "feature_prompted",
        "feature_voluntary",
        "product",
        "tag",
        "tickets",
        "workspace",
    ]
    MessageKind: TypeAlias = Literal["customer", "note", "reply"]
    Origin: TypeAlias = Literal["campaign", "feature", "ticket"]
    PointGrain: TypeAlias = Literal["day", "month", "quarter", "week"]
    Priority: TypeAlias = Literal["High", "Low", "Medium", "Urgent"]
    Rating: TypeAlias = Literal["1-2", "3", "4-5", "rated", "unrated"]
    Source: TypeAlias = Literal["prompted", "voluntary"]
    Status: TypeAlias = Literal["Closed", "In progress", "Open", "Resolved"]
    StatusParameter: TypeAlias = Literal["Closed", "In progress", "Open", "Resolved", "unresolved"]
    Trigger: TypeAlias = Literal["ORDER_COMPLETED", "TICKET_CLOSED"]
    Verdict: TypeAlias = Literal["down", "no_clear_change", "too_few", "up"]
    WeekStart: TypeAlias = Literal["monday", "saturday", "sunday"]
    Direction: TypeAlias = Literal["asc", "desc"]
    DashboardSortKey: TypeAlias = Literal["change", "name", "responses", "score"]
    TicketSortKey: TypeAlias = Literal["created", "priority", "rating", "updated"]
else:
    Channel = str
    Compare = str
    ContextType = str
    Delimiter = str
    Display = str
    ExcerptSource = str
    Formula = str
    Kind = str
    MessageKind = str
    Origin = str
    PointGrain = str
    Priority = str
    Rating = str
    Source = str
    Status = str
    StatusParameter = str
    Trigger = str
    Verdict = str
    WeekStart = str
    Direction = str
    DashboardSortKey = str
    TicketSortKey = str
