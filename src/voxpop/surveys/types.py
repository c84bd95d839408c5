"""Survey types: what is asked, on which scale, and how the answers are counted."""

from datetime import datetime
from typing import Annotated, Any, Self

import msgspec
from msgspec import Meta, Struct

from voxpop.db.pool import Tx
from voxpop.errors import FieldError, Invalid, NotFound
from voxpop.metrics.formulas import Formula
from voxpop.surveys import types_store as store
from voxpop.surveys.errors import SurveyTypeInUse
from voxpop.surveys.models import SurveyType
from voxpop.surveys.texts import Texts, read_translations
from voxpop.types import Actor, whole

OF_FEATURES = "CSAT10"  # features rate on its scale whether or not anybody was asked yet
NOT_BLANK = r"\S"
Code = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[a-zA-Z0-9\-_.+]+\Z", examples=["CES7"])]
Title = Annotated[str, Meta(min_length=1, max_length=200, pattern=NOT_BLANK, examples=["Customer Effort Score, 1-7"])]
Text = Annotated[str, Meta(min_length=1, max_length=500, pattern=NOT_BLANK, examples=["How easy was it?"])]
Thanks = Annotated[str, Meta(min_length=1, max_length=500, pattern=NOT_BLANK, examples=["Thank you!"])]
Language = Annotated[str, Meta(min_length=2, max_length=35, pattern=r"^[a-z]{2,3}(-[a-z0-9]{2,8})*\Z")]
Bound = Annotated[float, whole(0, 100)]


class TextsBody(Struct, frozen=True):
    """The texts in one language."""

    question: Text
    thanks: Thanks


Translated = Annotated[
    dict[Language, TextsBody],
    Meta(
        description="By language, in lower case", examples=[{"ru": {"question": "Было легко?", "thanks": "Спасибо!"}}]
    ),
]


class TypeBody(Struct, frozen=True, kw_only=True):
    """A survey type as it shall be. `share` needs the satisfied range, `nps` the scale 0-10."""

    name: Title
    question: Text
    thanks: Thanks
    scale_min: Annotated[Bound, Meta(examples=[1])]
    scale_max: Annotated[Bound, Meta(examples=[7])]
    formula: Annotated[Formula, Meta(examples=["share"])]
    satisfied_min: Annotated[Bound, Meta(examples=[5])] | None = None
    satisfied_max: Annotated[Bound, Meta(examples=[7])] | None = None
    higher_is_better: bool = True
    formula_description: Annotated[str, Meta(max_length=500, examples=["satisfied (5-7) / total * 100"])] = ""
    translations: Translated = {}

    def check(self) -> None:
        """Raises Invalid where scale, formula and satisfied range do not fit each other."""
        if self.scale_min >= self.scale_max:
            raise _fault("scale_max", "must be above scale_min")
        if self.formula is Formula.NPS and (self.scale_min, self.scale_max) != (0, 10):
            raise _fault("formula", "nps is defined on the scale 0-10 only")
        low, high = self.satisfied_min, self.satisfied_max
        if self.formula is not Formula.SHARE:
            if low is not None or high is not None:
                raise _fault("satisfied_min", "goes with the formula share only")
        elif low is None or high is None or not self.scale_min <= low <= high <= self.scale_max:
            raise _fault("satisfied_min", "share needs satisfied_min and satisfied_max within the scale")

    def of_code(self, code: str) -> SurveyType:
        texts = {language: Texts(one.question, one.thanks) for language, one in self.translations.items()}
        return SurveyType(
            code=code,
            name=self.name,
            question=self.question,
            thanks=self.thanks,
            scale_min=int(self.scale_min),
            scale_max=int(self.scale_max),
            formula=self.formula,
            satisfied_min=None if self.satisfied_min is None else int(self.satisfied_min),
            satisfied_max=None if self.satisfied_max is None else int(self.satisfied_max),
            formula_description=self.formula_description,
            higher_is_better=self.higher_is_better,
            translations=msgspec.json.encode(texts).decode(),
        )


class NewType(TypeBody, frozen=True, kw_only=True):
    """A survey type of the workspace's own."""

    code: Code


class TypeOut(Struct, frozen=True):
    """A survey type as stored."""

    code: Code
    name: Title
    question: Text
    thanks: Thanks
    scale_min: Annotated[int, Meta(examples=[1])]
    scale_max: Annotated[int, Meta(examples=[7])]
    formula: Annotated[Formula, Meta(examples=["share"])]
    satisfied_min: Annotated[int, Meta(examples=[5])] | None
    satisfied_max: Annotated[int, Meta(examples=[7])] | None
    higher_is_better: bool
    formula_description: Annotated[str, Meta(examples=["satisfied (5-7) / total * 100"])]
    translations: Translated

    @classmethod
    def of(cls, stored: SurveyType) -> Self:
        values: dict[str, Any] = {field: getattr(stored, field) for field in cls.__struct_fields__}
        texts = read_translations(stored.translations).items()
        values["translations"] = {language: TextsBody(one.question, one.thanks) for language, one in texts}
        return cls(**(values | {"formula": Formula(stored.formula)}))


class TypesOut(Struct, frozen=True):
    survey_types: list[TypeOut]


async def list_types(tx: Tx, actor: Actor) -> list[SurveyType]:
    """By code."""
    return await store.list_types(tx, actor.workspace)


async def open_type(tx: Tx, actor: Actor, new: SurveyType, now: datetime) -> SurveyType:
    """SurveyTypeAlreadyExists where the code exists."""
    return await store.insert_type(tx, actor.workspace, new, (now, actor.name))


async def replace_type(tx: Tx, actor: Actor, new: SurveyType, now: datetime) -> SurveyType:
    """SurveyTypeInUse for another scale or formula once it has been asked: stored scores would change their meaning."""
    old = await store.lock_type(tx, actor.workspace, new.code)
    if old is None:
        raise NotFound.of("Survey type", new.code)
    if old.meaning() != new.meaning() and (
        new.code == OF_FEATURES or await store.is_used(tx, actor.workspace, new.code)
    ):
        raise SurveyTypeInUse
    return await store.replace_type(tx, actor.workspace, new, (now, actor.name))


def _fault(field: str, reason: str) -> Invalid:
    return Invalid(f"body/{field} {reason}", details=[FieldError(field, reason)])
