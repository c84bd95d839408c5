"""Survey types: what a survey asks, on which scale, and how its answers are measured."""

from datetime import datetime

from voxpop.db.pool import Tx
from voxpop.errors import FieldError, Invalid, NotFound
from voxpop.metrics.formulas import Formula
from voxpop.surveys import survey_types_store as store
from voxpop.surveys.errors import SurveyTypeInUse
from voxpop.surveys.models import FEATURE_SURVEY_TYPE, SurveyType
from voxpop.types import Actor, Audit

NPS_SCALE = (0, 10)


async def list_survey_types(tx: Tx, actor: Actor) -> list[SurveyType]:
    """By code."""
    return await store.list_types(tx, actor.workspace)


async def add_survey_type(tx: Tx, actor: Actor, new: SurveyType, now: datetime) -> SurveyType:
    """Raises SurveyTypeAlreadyExists for a code in use, Invalid if scale, formula and satisfied range do not match."""
    check_scale(new)
    return await store.insert_type(tx, actor.workspace, new, Audit(now, actor.name))


async def replace_survey_type(tx: Tx, actor: Actor, new: SurveyType, now: datetime) -> SurveyType:
    """Raises SurveyTypeInUse for another scale or formula of a used type.

    Otherwise, the meaning of stored scores would change.
    """
    check_scale(new)
    old = await store.lock_type(tx, actor.workspace, new.code)
    if old is None:
        raise NotFound.of("Survey type", new.code)
    if not old.has_same_meaning(new) and await _is_used(tx, actor, new.code):
        raise SurveyTypeInUse
    return await store.replace_type(tx, actor.workspace, new, Audit(now, actor.name))


def check_scale(survey_type: SurveyType) -> None:
    """Raises Invalid if scale, formula and satisfied range do not match each other."""
    low, high = survey_type.satisfied_min, survey_type.satisfied_max
    if survey_type.scale_min >= survey_type.scale_max:
        raise _invalid("scale_max", "must be above scale_min")
    if survey_type.formula == Formula.NPS and (survey_type.scale_min, survey_type.scale_max) != NPS_SCALE:
        raise _invalid("formula", "nps is defined on the scale 0-10 only")
    if survey_type.formula != Formula.SHARE:
        if low is not None or high is not None:
            raise _invalid("satisfied_min", "goes with the formula share only")
    elif low is None or high is None or not survey_type.scale_min <= low <= high <= survey_type.scale_max:
        raise _invalid("satisfied_min", "share needs satisfied_min and satisfied_max within the scale")


async def _is_used(tx: Tx, actor: Actor, code: str) -> bool:
    """The type of features counts as used, because a feature can be rated at any time without a survey."""
    return code == FEATURE_SURVEY_TYPE or await store.is_used(tx, actor.workspace, code)


def _invalid(field: str, reason: str) -> Invalid:
    return Invalid(f"body/{field} {reason}", details=[FieldError(field, reason)])
