"""The errors of surveys and survey types."""

from voxpop.errors import AppError, Conflict


class SurveyTypeAlreadyExists(Conflict):
    """The code of the survey type is in use."""

    code = "SURVEY_TYPE_ALREADY_EXISTS"
    message = "A survey type with this code already exists."
    constraints = ("survey_type_pkey",)


class SurveyTypeInUse(Conflict):
    """The scale and formula of a used survey type cannot change, because stored scores would change their meaning."""

    code = "SURVEY_TYPE_IN_USE"
    message = "The survey type is in use, so its scale and formula cannot change. Create another survey type."


class SurveyNotPending(AppError):
    """The survey has an answer or is closed for another reason."""

    status, type, code = 400, "BUSINESS_RULE_ERROR", "SURVEY_NOT_PENDING"
    message = "The survey is not in status PENDING."
