"""The email that asks for a rating: the question with its scale as links, as text and as HTML.

A link only chooses a score on the hosted page, because mail scanners open links too.
"""

from datetime import datetime

from markupsafe import Markup
from msgspec import Struct

from voxpop import mail
from voxpop.hosts import workspace_url
from voxpop.i18n import N_, choose_locale, text_direction, translate
from voxpop.mail import OutgoingMail
from voxpop.outbox import Message
from voxpop.surveys.hosted.models import MAX_CHOICES, Question
from voxpop.surveys.hosted.service import sign_link
from voxpop.surveys.hosted.tokens import Purpose
from voxpop.surveys.mailing.store import DueEmail
from voxpop.surveys.models import decode_survey_type
from voxpop.text import one_line
from voxpop.workspaces.models import Workspace

LOGO_HEIGHT = 32
REMINDER = N_("Reminder: {question}")
CHOOSE = N_("Choose a score. You can add a comment on the next page.")
OPEN = N_("Open the survey")
UNSUBSCRIBE = N_("Unsubscribe from these emails")

# Mail programs ignore most styles. Colours are left to them, so that light and dark both fit.
PAGE = Markup(
    '<!doctype html>\n<html lang="{lang}" dir="{dir}">\n<head>\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width">\n<meta name="color-scheme" content="light dark">\n'
    '<meta name="supported-color-schemes" content="light dark">\n<title>{title}</title>\n</head>\n'
    '<body style="margin:0;padding:24px 16px;font:16px/1.5 -apple-system,Segoe UI,Roboto,Noto Sans,Arial,sans-serif">\n'
    '<div role="main" dir="{dir}" style="max-width:600px;margin:0 auto">\n'
    '<p style="margin:0 0 24px;font-weight:600">{sender}</p>\n'
    '<h1 dir="auto" style="margin:0 0 16px;font-size:22px;line-height:1.3;font-weight:600;white-space:pre-wrap">'
    "{question}</h1>\n"
    '<p style="margin:0 0 8px">\n{scale}</p>\n{ends}'
    '<p style="margin:0 0 32px;font-size:14px;opacity:.75">{hint}</p>\n'
    '<p style="margin:0;padding-top:16px;border-top:1px solid #96908366;font-size:14px;opacity:.75">'
    '<a href="{unsubscribe}" style="color:inherit">{unsubscribe_text}</a></p>\n</div>\n</body>\n</html>\n'
)
SCORE = Markup(
    '<a href="{link}" style="display:inline-block;min-width:42px;margin:0 1px 8px;padding:9px 0;'
    'border:1px solid #968f83;border-radius:6px;text-align:center;text-decoration:none;color:inherit">{score}</a>\n'
)
ENDS = Markup('<p dir="auto" style="margin:0 0 8px;font-size:14px">{words}</p>\n')
LOGO = Markup(
    '<img src="{source}" width="{width}" height="{height}" alt="" style="vertical-align:middle;border-radius:4px"> '
)


class Content(Struct, frozen=True):
    """What an email asks, in which language, and where its links lead."""

    question: Question
    language: str
    locale: str
    link: str
    unsubscribe: str

    def say(self, text: str) -> str:
        """One of our own words, in the survey's language as far as they have it."""
        return translate(self.locale, text)

    def link_of(self, score: int) -> str:
        """The link that chooses a score."""
        return f"{self.link}?score={score}"


def compose_email(due: DueEmail, workspace: Workspace, key: bytes, public_url: str, now: datetime) -> Message:
    """The email for the outbox. `key` signs its links."""
    content = _content(due, workspace, key, public_url)
    question = one_line(content.question.texts.question)
    outgoing = OutgoingMail(
        id=mail.new_mail_id(now),
        sender=workspace.name,
        to=due.email,
        subject=translate(content.locale, REMINDER, question=question) if due.is_reminder else question,
        text=_text(content, workspace),
        html=_html(content, workspace, public_url),
        unsubscribe=content.unsubscribe,
        about=due.survey_id,
    )
    return mail.to_message(outgoing)


def _content(due: DueEmail, workspace: Workspace, key: bytes, public_url: str) -> Content:
    question = Question(decode_survey_type(due.survey_type), due.language)
    locale = choose_locale(question.language)
    return Content(
        question,
        question.language or locale,
        locale,
        sign_link(key, workspace, Purpose.ANSWER, due.survey_id, public_url),
        sign_link(key, workspace, Purpose.UNSUBSCRIBE, due.survey_id, public_url),
    )


def _text(content: Content, workspace: Workspace) -> str:
    question = content.question
    if len(question.scores) <= MAX_CHOICES:
        links = "\n".join(_text_link(content, score) for score in question.scores)
        scale = f"{links}\n\n{content.say(CHOOSE)}"
    else:
        scale = f"{content.say(OPEN)}:\n{content.link}"
    end = f"{workspace.name}\n\n{content.say(UNSUBSCRIBE)}:\n{content.unsubscribe}"
    return f"{question.texts.question}\n\n{scale}\n\n{end}\n"


def _text_link(content: Content, score: int) -> str:
    label = content.question.label_of(score)
    return f"{content.question.sign_of(score)}{f' ({label})' if label else ''}: {content.link_of(score)}"


def _html(content: Content, workspace: Workspace, public_url: str) -> str:
    question = content.question
    scores = (SCORE.format(link=content.link_of(each), score=question.sign_of(each)) for each in question.scores)
    page = PAGE.format(
        lang=content.language,
        dir=text_direction(content.language),
        title=question.texts.question,
        sender=_logo(workspace, public_url) + workspace.name,
        question=question.texts.question,
        scale=Markup().join(scores),
        ends=_ends(question),
        hint=content.say(CHOOSE),
        unsubscribe=content.unsubscribe,
        unsubscribe_text=content.say(UNSUBSCRIBE),
    )
    return str(page)


def _ends(question: Question) -> Markup:
    """The words at the ends of the scale."""
    words = [f"{score}: {label}" for score in question.scores if (label := question.label_of(score))]
    return ENDS.format(words=" · ".join(words)) if words else Markup()


def _logo(workspace: Workspace, public_url: str) -> Markup:
    if workspace.logo_hash is None or not workspace.logo_height or not workspace.logo_width:
        return Markup()
    source = f"{workspace_url(public_url, workspace.slug)}/logo/{workspace.logo_hash}"
    width = round(workspace.logo_width * LOGO_HEIGHT / workspace.logo_height)
    return LOGO.format(source=source, width=width, height=LOGO_HEIGHT)
