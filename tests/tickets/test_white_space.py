"""The portal keeps the white space of messages and of comments."""

from tests.support.portal import PortalSite

from voxpop.tickets.models import Status

YAML = "    jobs:\n        - export: true\n\n\n\tend"


async def test_the_portal_shows_messages_as_they_were_written(portal: PortalSite) -> None:
    ref = await portal.open(description=YAML)
    await portal.answer(ref, YAML)
    ann = await portal.customer()
    await ann.submit(f"/tickets/{ref}/reply", body=f"\r\n{YAML.replace(chr(10), chr(13) + chr(10))}\r\n\r\n")
    page = (await ann.get(f"/tickets/{ref}")).text
    assert page.count(f'<div class="text" dir="auto">{YAML}</div>') == 3


async def test_the_portal_shows_a_comment_as_it_was_written(portal: PortalSite) -> None:  # T5
    ref = await portal.open(Status.RESOLVED)
    ann = await portal.customer()
    await ann.submit(f"/tickets/{ref}/rating", rating=5, comment="first\n    second")
    assert '<q class="text" dir="auto">first\n    second</q>' in (await ann.get(f"/tickets/{ref}")).text
