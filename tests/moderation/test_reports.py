"""Reports and the queue: who may report what, what moderators see, and how a case ends."""

import pytest
from sqlalchemy import func, select

from storage.rows import Visibility
from storage.tables import cases, reports
from tests.making import (
    make_block,
    make_comment,
    make_person,
    make_photo,
    make_private,
)

REPORT = """
mutation($input: ReportInput!) { report(input: $input) { subjectId errors { code path } } }
"""
QUEUE = """
query($first: Int, $after: String, $kind: CaseKind) {
  moderationQueue(first: $first, after: $after, kind: $kind) {
    edges { node {
      id kind outcome reportCount
      photo { id title } variants { name url } comment { id body } user { id }
      reports { reason text reporter { id } }
    } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
RESOLVE = """
mutation($input: ResolveReportsInput!) {
  resolveReports(input: $input) { case { id outcome } errors { code path } }
}
"""
LOG = """
{ moderationLog(first: 5) { edges { node { decider action subjectId reason moderator { id } } } } }
"""
ACCOUNT = "{ account { isModerator } }"


async def report(ask, viewer, id, reason="SPAM", text=""):
    given = {"subjectId": id, "reason": reason, "text": text}
    return (await ask(REPORT, viewer=viewer, input=given))["report"]


async def cases_of(ask, judge, id, **arguments):
    """The cases in the queue that are about that id, through all of its pages."""
    found, after = [], None
    while True:
        page = await ask(QUEUE, viewer=judge, first=100, after=after, **arguments)
        listed = page["moderationQueue"]
        found += [edge["node"] for edge in listed["edges"]]
        if not listed["pageInfo"]["hasNextPage"]:
            break
        after = listed["pageInfo"]["endCursor"]
    of = lambda node: [(node[kind] or {}).get("id") for kind in ("photo", "comment", "user")]  # noqa: E731
    return [node for node in found if id in of(node)]


async def resolve(ask, viewer, case, outcome, note=""):
    given = {"caseId": case, "outcome": outcome, "note": note}
    return (await ask(RESOLVE, viewer=viewer, input=given))["resolveReports"]


async def test_a_report_opens_a_case_for_moderators_alone(ask, database, ann, bob, cid, judge):
    photo = await make_photo(database, ann, title="Reported")
    taken = {"subjectId": photo.id, "errors": []}

    assert await report(ask, bob, photo.id, "HATE", "Look at it.") == taken
    assert await report(ask, bob, photo.id, "SPAM") == taken
    assert await report(ask, cid, photo.id, "NUDITY") == taken

    [case] = await cases_of(ask, judge, photo.id)
    assert (case["kind"], case["outcome"], case["reportCount"]) == ("PHOTO", None, 2)
    assert case["photo"] == {"id": photo.id, "title": "Reported"}
    assert [each["name"] for each in case["variants"]] == ["THUMB", "MEDIUM", "FULL"]
    assert case["reports"] == [
        {"reason": "NUDITY", "text": "", "reporter": {"id": cid.id}},
        {"reason": "HATE", "text": "Look at it.", "reporter": {"id": bob.id}},
    ]
    for viewer in (ann, bob):
        page = await ask(QUEUE, viewer=viewer)
        assert page["moderationQueue"]["edges"] == []
        assert await ask(ACCOUNT, viewer=viewer) == {"account": {"isModerator": False}}
    assert await ask(ACCOUNT, viewer=judge) == {"account": {"isModerator": True}}


async def test_what_one_may_not_see_cannot_be_reported(ask, database, ann, bob, cid):
    hidden = await make_photo(database, ann, visibility=Visibility.PRIVATE)
    shown = await make_photo(database, ann)
    comment = await make_comment(database, by=ann, of=shown)
    await make_block(database, by=ann, of=bob)
    nowhere = "photo_" + "0" * 32
    missing = {"subjectId": None, "errors": [{"code": "NOT_FOUND", "path": ["input", "subjectId"]}]}

    for id in (hidden.id, shown.id, comment.id, ann.id, nowhere, "session_" + "0" * 32, ""):
        assert await report(ask, bob, id) == missing, id
    assert await report(ask, cid, hidden.id) == missing

    keys = [hidden.key, shown.key, comment.key, ann.key]
    async with database.connect() as connection:
        made = select(func.count()).where(cases.c.subject_id.in_(keys))
        assert (await connection.execute(made)).scalar_one() == 0


async def test_ones_own_cannot_be_reported(ask, database, ann):
    photo = await make_photo(database, ann)
    comment = await make_comment(database, by=ann, of=photo)
    for id in (photo.id, comment.id, ann.id):
        answer = await report(ask, ann, id)
        assert answer["errors"] == [{"code": "NOT_ALLOWED", "path": ["input", "subjectId"]}]


async def test_a_text_of_a_report_has_a_limit(ask, database, ann, bob):
    photo = await make_photo(database, ann)
    answer = await report(ask, bob, photo.id, "OTHER", "x" * 501)
    assert answer["errors"] == [{"code": "TOO_LONG", "path": ["input", "text"]}]


async def test_moderators_see_what_they_judge_and_nothing_else(
    ask, database, settings, hold, ann, bob, judge
):
    node = "query($id: ID!) { node(id: $id) { id } }"
    private = await make_photo(database, ann, visibility=Visibility.FOLLOWERS)
    other = await make_photo(database, ann, visibility=Visibility.FOLLOWERS)
    follow = "mutation($id: ID!) { followUser(id: $id) { errors { code } } }"
    await ask(follow, viewer=bob, id=ann.id)
    await report(ask, bob, private.id)
    await make_private(database, ann)
    held = await hold(ann, visibility=Visibility.PRIVATE)

    [case] = await cases_of(ask, judge, private.id)
    assert case["photo"]["id"] == private.id
    [waiting] = await cases_of(ask, judge, held.id, kind="HELD_PHOTO")
    assert [each["name"] for each in waiting["variants"]] == ["THUMB", "MEDIUM", "FULL"]
    assert all("/restricted/" in each["url"] for each in waiting["variants"])
    for id in (private.id, other.id, held.id):
        assert await ask(node, viewer=judge, id=id) == {"node": None}
    # Once it is judged, there is no reason to see it.
    ended = await resolve(ask, judge, case["id"], "DISMISSED")
    assert ended == {"case": {"id": case["id"], "outcome": "DISMISSED"}, "errors": []}
    assert await cases_of(ask, judge, private.id) == []


@pytest.mark.parametrize("outcome", ["DISMISSED", "REMOVED"])
async def test_a_case_about_a_photo_ends(ask, database, ann, bob, judge, outcome):
    photo = await make_photo(database, ann)
    await report(ask, bob, photo.id)
    [case] = await cases_of(ask, judge, photo.id)

    for _ in range(2):
        ended = await resolve(ask, judge, case["id"], outcome, "Because.")
        assert ended == {"case": {"id": case["id"], "outcome": outcome}, "errors": []}
    otherwise = "REMOVED" if outcome == "DISMISSED" else "DISMISSED"
    refused = await resolve(ask, judge, case["id"], otherwise)
    assert refused["errors"] == [{"code": "CONFLICT", "path": ["input", "caseId"]}]

    assert await cases_of(ask, judge, photo.id) == []
    status = "query($id: ID!) { node(id: $id) { ... on Photo { status } } }"
    expected = "READY" if outcome == "DISMISSED" else "FAILED"
    assert await ask(status, viewer=ann, id=photo.id) == {"node": {"status": expected}}
    entry = (await ask(LOG, viewer=judge))["moderationLog"]["edges"][0]["node"]
    assert entry == {
        "decider": "MODERATOR",
        "action": "DISMISSED" if outcome == "DISMISSED" else "TAKEN_DOWN",
        "subjectId": photo.id,
        "reason": "Because.",
        "moderator": {"id": judge.id},
    }
    assert (await ask(LOG, viewer=bob))["moderationLog"]["edges"] == []
    # Who has reported it has said so; others can still.
    if outcome == "DISMISSED":
        await report(ask, bob, photo.id)
        assert await cases_of(ask, judge, photo.id) == []


@pytest.mark.parametrize("has_reply", [False, True])
async def test_a_reported_comment_is_removed(ask, database, ann, bob, cid, judge, has_reply):
    photo = await make_photo(database, ann)
    comment = await make_comment(database, by=bob, of=photo, body="Rude.")
    if has_reply:
        await make_comment(database, by=cid, of=photo, to=comment)
    await report(ask, cid, comment.id)
    [case] = await cases_of(ask, judge, comment.id)
    assert (case["kind"], case["comment"]["body"]) == ("COMMENT", "Rude.")
    assert case["photo"]["id"] == photo.id

    ended = await resolve(ask, judge, case["id"], "REMOVED")

    assert ended["errors"] == []
    count = "query($id: ID!) { node(id: $id) { ... on Photo { commentCount } } }"
    assert await ask(count, viewer=cid, id=photo.id) == {"node": {"commentCount": int(has_reply)}}
    node = "query($id: ID!) { node(id: $id) { ... on Comment { body } } }"
    left = {"body": None} if has_reply else None
    assert await ask(node, viewer=cid, id=comment.id) == {"node": left}


async def test_a_deleted_comment_leaves_the_queue(ask, database, ann, bob, cid, judge):
    photo = await make_photo(database, ann)
    comment = await make_comment(database, by=bob, of=photo)
    await make_comment(database, by=ann, of=photo, to=comment)
    await report(ask, cid, comment.id)
    assert len(await cases_of(ask, judge, comment.id)) == 1

    delete = "mutation($id: ID!) { deleteComment(id: $id) { errors { code } } }"
    await ask(delete, viewer=bob, id=comment.id)

    assert await cases_of(ask, judge, comment.id) == []


async def test_a_reported_user_is_dismissed_and_not_removed(ask, ann, bob, judge):
    await report(ask, bob, ann.id, "HARASSMENT")
    [case] = await cases_of(ask, judge, ann.id, kind="USER")
    assert case["user"] == {"id": ann.id}

    refused = await resolve(ask, judge, case["id"], "REMOVED")
    assert refused["errors"] == [{"code": "NOT_ALLOWED", "path": ["input", "caseId"]}]
    assert (await resolve(ask, judge, case["id"], "DISMISSED"))["errors"] == []


async def test_a_held_photo_needs_a_verdict(ask, hold, ann, judge):
    photo = await hold(ann)
    [case] = await cases_of(ask, judge, photo.id)
    refused = await resolve(ask, judge, case["id"], "DISMISSED")
    assert refused["errors"] == [{"code": "NOT_ALLOWED", "path": ["input", "caseId"]}]


async def test_nobody_else_ends_a_case(ask, database, ann, bob, judge):
    photo = await make_photo(database, ann)
    await report(ask, bob, photo.id)
    [case] = await cases_of(ask, judge, photo.id)
    for viewer in (ann, bob):
        refused = await resolve(ask, viewer, case["id"], "REMOVED")
        assert refused["errors"] == [{"code": "NOT_ALLOWED", "path": []}]
    assert len(await cases_of(ask, judge, photo.id)) == 1


# Moderator, queue, counts, reports, their authors; photos and variants, or comments and photos.
@pytest.mark.parametrize(
    ("kind", "statements"), [("PHOTO", 7), ("COMMENT", 7), ("USER", 6), ("HELD_PHOTO", 6)]
)
async def test_the_queue_takes_the_same_statements_for_one_and_for_twenty(
    ask, ask_counted, database, settings, hold, ann, bob, judge, kind, statements
):
    photo = await make_photo(database, ann)
    for _ in range(20):
        match kind:
            case "PHOTO":
                await report(ask, bob, (await make_photo(database, ann)).id)
            case "COMMENT":
                await report(ask, bob, (await make_comment(database, by=ann, of=photo)).id)
            case "USER":
                await report(ask, bob, (await make_person(database, settings, "some")).id)
            case _:
                await hold(ann)

    for first in (1, 20):
        page, counted = await ask_counted(QUEUE, viewer=judge, first=first, kind=kind)
        listed = [edge["node"]["kind"] for edge in page["moderationQueue"]["edges"]]
        assert (listed, counted) == ([kind] * first, statements)


async def test_reports_go_with_who_made_them(database, ask, ann, bob):
    photo = await make_photo(database, ann)
    await report(ask, bob, photo.id)
    async with database.connect() as connection:
        made = select(reports.c.reporter_id).where(reports.c.subject_id == photo.key)
        assert (await connection.execute(made)).scalars().all() == [bob.key]
