"""Statements on survey types."""

from datetime import datetime

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import Query
from voxpop.surveys.models import SurveyType
from voxpop.types import WorkspaceId


class Used(Struct):
    used: bool


_TYPE = """code, name, question, thanks, scale_min, scale_max, formula, satisfied_min, satisfied_max,
        formula_description, higher_is_better, translations"""

TYPES = Query(f"SELECT {_TYPE} FROM survey_type WHERE workspace_id = $1 ORDER BY code", SurveyType)

LOCKED_TYPE = Query(f"SELECT {_TYPE} FROM survey_type WHERE workspace_id = $1 AND code = $2 FOR UPDATE", SurveyType)

USED_TYPE = Query(
    """
    SELECT EXISTS (SELECT FROM survey WHERE workspace_id = $1 AND survey_type_code = $2)
        OR EXISTS (SELECT FROM feedback WHERE workspace_id = $1 AND survey_type_code = $2) AS used
    """,
    Used,
)

NEW_TYPE = Query(
    f"""
    INSERT INTO survey_type (workspace_id, {_TYPE}, create_time, create_user, last_update_time, last_update_user)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $14, $15) RETURNING {_TYPE}
    """,
    SurveyType,
)

REPLACED_TYPE = Query(
    f"""
    UPDATE survey_type SET name = $3, question = $4, thanks = $5, scale_min = $6, scale_max = $7, formula = $8,
        satisfied_min = $9, satisfied_max = $10, formula_description = $11, higher_is_better = $12, translations = $13,
        last_update_time = $14, last_update_user = $15
    WHERE workspace_id = $1 AND code = $2 RETURNING {_TYPE}
    """,
    SurveyType,
)


async def list_types(tx: Tx, workspace: WorkspaceId) -> list[SurveyType]:
    return await TYPES.all(tx, workspace)


async def lock_type(tx: Tx, workspace: WorkspaceId, code: str) -> SurveyType | None:
    """Until the end of the transaction nothing is asked with it and nobody else changes it."""
    return await LOCKED_TYPE.find(tx, workspace, code)


async def is_used(tx: Tx, workspace: WorkspaceId, code: str) -> bool:
    """Whether anything was asked or answered with it."""
    return (await USED_TYPE.one(tx, workspace, code)).used


async def insert_type(tx: Tx, workspace: WorkspaceId, new: SurveyType, by: tuple[datetime, str]) -> SurveyType:
    """`by`: when and who."""
    return await NEW_TYPE.one(tx, workspace, *_values(new), *by)


async def replace_type(tx: Tx, workspace: WorkspaceId, new: SurveyType, by: tuple[datetime, str]) -> SurveyType:
    return await REPLACED_TYPE.one(tx, workspace, *_values(new), *by)


def _values(new: SurveyType) -> tuple[object, ...]:
    return tuple(getattr(new, field) for field in new.__struct_fields__)
