"""Errors of the product as classes with a code; `web/error_handlers.py` turns them into answers, once."""

from collections.abc import Sequence

from msgspec import Struct


class Fault(Struct, frozen=True):
    """One field that is at fault, and why."""

    field: str
    message: str


class AppError(Exception):
    """Something went wrong."""  # the docstring is the message where none is given

    status = 500
    type = "INTERNAL_ERROR"
    code = "INTERNAL_ERROR"

    def __init__(self, message: str | None = None, *, details: Sequence[Fault] = ()) -> None:
        super().__init__(message or (self.__doc__ or "").strip())
        self.details = tuple(details)

    @property
    def message(self) -> str:
        return str(self.args[0])


class Invalid(AppError):
    """The request does not fit its description."""

    status, type, code = 400, "VALIDATION_ERROR", "VALIDATION_ERROR"


class Unauthorized(AppError):
    """A valid API key is required: send it as 'Authorization: Bearer <key>'."""

    status, type, code = 401, "UNAUTHORIZED", "UNAUTHORIZED"


class Forbidden(AppError):
    """This key may not do that."""

    status, type, code = 403, "FORBIDDEN", "FORBIDDEN"


class NotFound(AppError):
    """There is nothing here."""

    status, type, code = 404, "NOT_FOUND", "NOT_FOUND"

    @classmethod
    def of(cls, entity: str, ident: object) -> "NotFound":
        return cls(f"{entity} with id {ident} not found")


class MethodNotAllowed(AppError):
    """This address has no such method."""

    status, type, code = 405, "METHOD_NOT_ALLOWED", "METHOD_NOT_ALLOWED"


class Conflict(AppError):
    """That is at odds with what is stored."""

    status, type, code = 409, "CONFLICT", "CONFLICT"


class TooLarge(AppError):
    """The body is larger than this address takes."""

    status, type, code = 413, "PAYLOAD_TOO_LARGE", "PAYLOAD_TOO_LARGE"


class UnsupportedMediaType(AppError):
    """The body must be JSON: send it with 'Content-Type: application/json'."""

    status, type, code = 415, "UNSUPPORTED_MEDIA_TYPE", "UNSUPPORTED_MEDIA_TYPE"


class RateLimited(AppError):
    """Too many attempts; wait a little and try again."""

    status, type, code = 429, "RATE_LIMITED", "RATE_LIMITED"

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after  # seconds


class Unavailable(AppError):
    """The service is busy or its database is out of reach; try again."""

    status, type, code = 503, "UNAVAILABLE", "UNAVAILABLE"
    retry_after = 1  # seconds


class ProductTaken(Conflict):
    """A product with this key exists already."""

    code = "PRODUCT_ALREADY_EXISTS"


class ProductInUse(Conflict):
    """The product still has features; delete them first."""

    code = "PRODUCT_IN_USE"


class FeatureTaken(Conflict):
    """The product has a feature with this key already."""

    code = "FEATURE_ALREADY_EXISTS"


class FeatureInUse(Conflict):
    """The feature has been used or rated, so it stays."""

    code = "FEATURE_IN_USE"


class WorkspaceTaken(Conflict):
    """A workspace with this name exists already."""

    code = "WORKSPACE_ALREADY_EXISTS"


class LinkSpent(AppError):
    """This link has been used or has expired."""

    status, type, code = 400, "BUSINESS_RULE_ERROR", "LINK_SPENT"


class LastOwner(Conflict):
    """A workspace keeps at least one owner."""

    code = "LAST_OWNER"


class UnknownSurveyType(Invalid):
    """The workspace has no survey type with this code."""

    code = "UNKNOWN_SURVEY_TYPE"


class CampaignHasSurveys(Conflict):
    """The campaign has asked already, so its survey type stays; open another campaign."""

    code = "CAMPAIGN_HAS_SURVEYS"


class SurveyTypeTaken(Conflict):
    """A survey type with this code exists already."""

    code = "SURVEY_TYPE_ALREADY_EXISTS"


class SurveyTypeInUse(Conflict):
    """The type has been asked already, so its scale and formula stay; make another type."""

    code = "SURVEY_TYPE_IN_USE"


class SurveyClosed(AppError):
    """The survey is not in status PENDING."""

    status, type, code = 400, "BUSINESS_RULE_ERROR", "SURVEY_NOT_PENDING"


class NotRateable(Conflict):
    """Only a resolved or closed ticket can be rated."""

    code = "TICKET_NOT_RATEABLE"


class KeyReused(Conflict):
    """This Idempotency-Key came with another request before."""

    code = "IDEMPOTENCY_KEY_REUSED"


class ViewTaken(Conflict):
    """There is a view of this name already."""

    code = "VIEW_ALREADY_EXISTS"


# The names of constraints in the schema, and what breaking one means to the caller.
ON_CONSTRAINT: dict[str, type[AppError]] = {
    "product_key_unique": ProductTaken,
    "feature_key_unique": FeatureTaken,
    "feature_product_exists": ProductInUse,
    "interaction_feature_exists": FeatureInUse,
    "workspace_name_unique": WorkspaceTaken,
    "campaign_survey_type_exists": UnknownSurveyType,
    "survey_type_pkey": SurveyTypeTaken,
    "saved_view_name_unique": ViewTaken,
}
