"""Statements on survey types."""

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.db.query import NoRows, Query
from voxpop.surveys.models import SurveyType
from voxpop.types import Audit, WorkspaceId


class Used(Struct):
    used: bool


_COLUMNS = """code, name, question, thanks, language, scale_min, scale_max, formula, satisfied_min, satisfied_max,
        formula_description, higher_is_better, translations, display, label_min, label_max, comment_label"""

SURVEY_TYPES = Query(f"SELECT {_COLUMNS} FROM survey_type WHERE workspace_id = :workspace ORDER BY code", SurveyType)

LOCKED_TYPE = Query(
    f"SELECT {_COLUMNS} FROM survey_type WHERE workspace_id = :workspace AND code = :code FOR UPDATE", SurveyType
)

USED_TYPE = Query(
    """
    SELECT EXISTS (SELECT FROM survey WHERE workspace_id = :workspace AND survey_type_code = :code)
        OR EXISTS (SELECT FROM feedback WHERE workspace_id = :workspace AND survey_type_code = :code) AS used
    """,
    Used,
)

NEW_TYPE = Query(
    f"""
    INSERT INTO survey_type (workspace_id, {_COLUMNS}, create_time, create_user, last_update_time, last_update_user)
    VALUES (:workspace, :code, :name, :question, :thanks, :language, :scale_min, :scale_max, :formula,
            :satisfied_min, :satisfied_max, :formula_description, :higher_is_better, :translations,
            :display, :label_min, :label_max, :comment_label, :now, :user, :now, :user)
    RETURNING {_COLUMNS}
    """,
    SurveyType,
    values=SurveyType,
)

REPLACED_TYPE = Query(
    f"""
    UPDATE survey_type SET name = :name, question = :question, thanks = :thanks, language = :language,
        scale_min = :scale_min, scale_max = :scale_max, formula = :formula, satisfied_min = :satisfied_min,
        satisfied_max = :satisfied_max, formula_description = :formula_description,
        higher_is_better = :higher_is_better, translations = :translations, display = :display,
        label_min = :label_min, label_max = :label_max, comment_label = :comment_label,
        last_update_time = :now, last_update_user = :user
    WHERE workspace_id = :workspace AND code = :code RETURNING {_COLUMNS}
    """,
    SurveyType,
    values=SurveyType,
)

BUILTIN_SURVEY_TYPES = Query(
    """
    INSERT INTO survey_type (workspace_id, code, name, question, thanks, language, scale_min, scale_max, formula,
                             satisfied_min, satisfied_max, formula_description, higher_is_better, translations,
                             display, label_min, label_max, comment_label)
    SELECT :workspace, code, name, question, thanks, language, scale_min, scale_max, formula,
        satisfied_min, satisfied_max, formula_description, higher_is_better, translations,
        display, label_min, label_max, comment_label FROM builtin_survey_type
    """,
    NoRows,
    system=True,
)


async def list_types(tx: Tx, workspace: WorkspaceId) -> list[SurveyType]:
    return await SURVEY_TYPES.all(tx, workspace=workspace)


async def lock_type(tx: Tx, workspace: WorkspaceId, code: str) -> SurveyType | None:
    """Until the transaction ends, no survey opens with this type and no other request changes it."""
    return await LOCKED_TYPE.find(tx, workspace=workspace, code=code)


async def is_used(tx: Tx, workspace: WorkspaceId, code: str) -> bool:
    """Whether any survey or rating has this type."""
    return (await USED_TYPE.one(tx, workspace=workspace, code=code)).used


async def insert_type(tx: Tx, workspace: WorkspaceId, new: SurveyType, audit: Audit) -> SurveyType:
    return await NEW_TYPE.one(tx, new, workspace=workspace, now=audit.at, user=audit.by)


async def replace_type(tx: Tx, workspace: WorkspaceId, new: SurveyType, audit: Audit) -> SurveyType:
    return await REPLACED_TYPE.one(tx, new, workspace=workspace, now=audit.at, user=audit.by)


async def insert_builtin_types(tx: Tx, workspace: WorkspaceId) -> None:
    """Gives a new workspace the survey types that every workspace begins with."""
    await BUILTIN_SURVEY_TYPES.run(tx, workspace=workspace)
