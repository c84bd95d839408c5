"""Survey types: what a survey asks, on which scale, and how its answers are measured."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import astuple, replace

from voxpop.db.pool import Tx
from voxpop.errors import Invalid, NotFound
from voxpop.metrics.formulas import Formula
from voxpop.surveys import survey_types_store as store
from voxpop.surveys.errors import SurveyTypeInUse
from voxpop.surveys.models import FEATURE_SURVEY_TYPE, Display, SurveyType
from voxpop.surveys.texts import decode_translations
from voxpop.types import Actor, Audit, WorkspaceId

NPS_SCALE = (0, 10)
SMILEYS = "😞🙁😐🙂😀"


class PreviewTexts(Struct, frozen=True):
    """The texts in one language. Those of the type itself can have an unknown one."""

    language: str | None
    question: str
    thanks: str
    label_min: str | None = None
    label_max: str | None = None
    comment_label: str | None = None


class Preview(Struct, frozen=True):
    """A question as customers see it. `symbols` shows each score; it is empty while a typed scale cannot be used."""

    texts: PreviewTexts
    symbols: Sequence[str]
    translations: Sequence[PreviewTexts]


def preview_of(survey_type: SurveyType) -> Preview:
    """How a stored type looks."""
    translations = decode_translations(survey_type.translations)
    return Preview(
        PreviewTexts(survey_type.language, *astuple(survey_type.texts)),
        symbols_of(survey_type.display, range(survey_type.scale_min, survey_type.scale_max + 1)),
        [PreviewTexts(language, *astuple(each)) for language, each in translations.items()],
    )


def list_languages(types: Iterable[SurveyType]) -> set[str]:
    """The languages in which at least one type has texts."""
    own = {each.language for each in types if each.language}
    return own.union(*(decode_translations(each.translations) for each in types))


def symbols_of(display: str, scores: Sequence[int]) -> list[str]:
    """What stands for each score of a scale, roughly as the widget draws it."""
    shown = display
    if display == Display.AUTO:
        shown = {(0, 1): Display.THUMBS, (1, 2, 3, 4, 5): Display.STARS}.get(tuple(scores), Display.NUMBERS)
    if shown == Display.THUMBS and len(scores) == len("👎👍"):
        return ["👎", "👍"]
    if shown == Display.STARS:
        return ["★" for _ in scores]
    if shown == Display.SMILEYS and scores:
        last = len(scores) - 1
        return [SMILEYS[round(place / last * (len(SMILEYS) - 1))] for place in range(last + 1)]
    return [str(score) for score in scores]


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
    old = await lock_survey_type(tx, actor, new.code)
    if not old.has_same_meaning(new) and await is_used(tx, actor, new.code):
        raise SurveyTypeInUse
    return await store.replace_type(tx, actor.workspace, new, Audit(now, actor.name))


async def change_survey_type(tx: Tx, actor: Actor, new: SurveyType, now: datetime) -> SurveyType:
    """As `replace_survey_type`, but writes nothing if nothing changes."""
    old = await get_survey_type(tx, actor, new.code)
    return old if is_same(old, new) else await replace_survey_type(tx, actor, new, now)


def is_same(old: SurveyType, new: SurveyType) -> bool:
    """Whether nothing differs, whatever the order of the translations."""
    has_same_texts = decode_translations(old.translations) == decode_translations(new.translations)
    return has_same_texts and replace(old, translations=new.translations) == new


async def lock_survey_type(tx: Tx, actor: Actor, code: str) -> SurveyType:
    """The type, locked until the end of the transaction. Raises NotFound for an unknown code."""
    found = await store.lock_type(tx, actor.workspace, code)
    if found is None:
        raise NotFound.of("Survey type", code)
    return found


async def get_survey_type(tx: Tx, actor: Actor, code: str) -> SurveyType:
    """Raises NotFound for an unknown code."""
    for each in await store.list_types(tx, actor.workspace):
        if each.code == code:
            return each
    raise NotFound.of("Survey type", code)


async def get_feature_type(tx: Tx, workspace: WorkspaceId) -> SurveyType:
    """The type of features, which every workspace has."""
    types = await store.list_types(tx, workspace)
    return next(each for each in types if each.code == FEATURE_SURVEY_TYPE)


def check_scale(survey_type: SurveyType) -> None:
    """Raises Invalid if scale, formula and satisfied range do not match each other."""
    low, high = survey_type.satisfied_min, survey_type.satisfied_max
    if survey_type.scale_min >= survey_type.scale_max:
        raise Invalid.of("body", "scale_max", "must be above scale_min")
    if survey_type.formula == Formula.NPS and (survey_type.scale_min, survey_type.scale_max) != NPS_SCALE:
        raise Invalid.of("body", "formula", "nps is defined on the scale 0-10 only")
    if survey_type.formula != Formula.SHARE:
        if low is not None or high is not None:
            raise Invalid.of("body", "satisfied_min", "goes with the formula share only")
    elif low is None or high is None or not survey_type.scale_min <= low <= high <= survey_type.scale_max:
        raise Invalid.of("body", "satisfied_min", "share needs satisfied_min and satisfied_max within the scale")


async def is_used(tx: Tx, actor: Actor, code: str) -> bool:
    """Whether any survey or rating has this type.

    The type of features counts as used, because a feature can be rated at any time without a survey.
    """
    return code == FEATURE_SURVEY_TYPE or await store.is_used(tx, actor.workspace, code)
