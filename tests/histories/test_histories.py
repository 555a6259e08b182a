"""Histories of a few people, played through the API and in a model: what they see is the same."""

import os
import secrets
from functools import partial
from itertools import product

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.histories.model import (
    FAILED,
    FOLLOWERS,
    PRIVATE,
    PROCESSING,
    PUBLIC,
    READY,
    Comment,
    Model,
    Photo,
    flat,
)
from tests.histories.world import LISTS, READ, SEEN, TOLD, World

NAMES = ["ann", "bob", "cid"]
WHO = st.sampled_from(NAMES)
VISIBILITY = st.sampled_from([PUBLIC, FOLLOWERS, PRIVATE])
# Mostly a photo goes live; the rest waits, for a worker to come or for its owner to delete it.
OUTCOME = st.sampled_from(
    ["ready", "ready", "ready", "waits", "fails", "fails for now", "deleted meanwhile"]
)
# How many steps it takes until all views were compared.
APART = 5
# A longer game: PICSHARE_TEST_HISTORIES=500 PICSHARE_TEST_STEPS=50
HISTORIES = int(os.environ.get("PICSHARE_TEST_HISTORIES", "8"))
STEPS = int(os.environ.get("PICSHARE_TEST_STEPS", "25"))


def _entry(node):
    photo, on = (node[part] and node[part]["id"] for part in ("photo", "comment"))
    names = sorted(actor["username"] for actor in node["actors"])
    assert node["actorCount"] == len(names)
    return node["kind"], node["isRead"], photo, on, names


class Histories(RuleBasedStateMachine):
    world: World

    def __init__(self):
        super().__init__()
        self.people = {name: self.world.person(name) for name in NAMES}
        self.model = Model(NAMES)
        self.tag = f"t{secrets.token_hex(8)}"
        self.turn = 0

    def person(self, name):
        return self.people[name]

    def some_photo(self, data):
        return data.draw(st.sampled_from(sorted(self.model.photos)))

    @rule(by=WHO, of=WHO)
    def follow(self, by, of):
        allowed = self.world.change("followUser", self.person(by), self.person(of).id)
        assert allowed is self.model.follow(by, of)

    @rule(by=WHO, of=WHO)
    def unfollow(self, by, of):
        if by != of:
            allowed = self.world.change("unfollowUser", self.person(by), self.person(of).id)
            assert allowed is self.model.unfollow(by, of)

    @rule(by=WHO, of=WHO)
    def accept(self, by, of):
        if by != of:
            allowed = self.world.change("acceptFollow", self.person(by), self.person(of).id)
            assert allowed is self.model.accept(by, of)

    @rule(by=WHO, of=WHO)
    def decline(self, by, of):
        if by != of:
            allowed = self.world.change("declineFollow", self.person(by), self.person(of).id)
            assert allowed is self.model.decline(by, of)

    @rule(by=WHO, of=WHO)
    def block(self, by, of):
        allowed = self.world.change("blockUser", self.person(by), self.person(of).id)
        assert allowed is self.model.block(by, of)

    @rule(by=WHO, of=WHO)
    def unblock(self, by, of):
        if by != of:
            allowed = self.world.change("unblockUser", self.person(by), self.person(of).id)
            assert allowed is self.model.unblock(by, of)

    @rule(by=WHO, is_private=st.booleans())
    def privacy(self, by, is_private):
        assert self.world.update(self.person(by), "updateProfile", isPrivate=is_private)
        self.model.set_private(by, is_private=is_private)

    @rule(by=WHO, of=WHO)
    def remove_follower(self, by, of):
        if by != of:
            allowed = self.world.change("removeFollower", self.person(by), self.person(of).id)
            assert allowed is self.model.remove_follower(by, of)

    @rule(by=WHO)
    def read(self, by):
        answer = self.world.ask(READ, self.person(by))["markNotificationsRead"]
        assert answer == {"unreadCount": 0, "errors": []}
        self.model.inbox.read(by)

    @rule(by=WHO, visibility=VISIBILITY, outcome=OUTCOME)
    def publish(self, by, visibility, outcome):
        id = self.world.photo(self.person(by), visibility, self.tag)
        self.model.photos[id] = Photo(by, visibility, self.model.number())
        self.work_on(id, outcome)

    @rule(outcome=OUTCOME, data=st.data())
    def work(self, outcome, data):
        waiting = sorted(i for i, p in self.model.photos.items() if p.status == PROCESSING)
        if waiting:
            self.work_on(data.draw(st.sampled_from(waiting)), outcome)

    def work_on(self, id, outcome):
        photo = self.model.photos[id]
        match outcome:
            case "ready":
                self.world.render(id)
                photo.status = READY
            case "fails" | "fails for now":
                photo.is_retryable = outcome == "fails for now"
                self.world.fail(id, is_retryable=photo.is_retryable)
                photo.status = FAILED
            case "deleted meanwhile":
                attempt = self.world.begin(id)
                assert self.world.change("deletePhoto", self.person(photo.owner), id)
                self.world.come_late(attempt)
                assert self.model.delete_photo(photo.owner, id)

    @rule(by=WHO, data=st.data())
    def retry(self, by, data):
        if self.model.photos:
            id = self.some_photo(data)
            allowed = self.world.change("retryPhoto", self.person(by), id)
            assert allowed is self.model.retry(by, id)

    @rule(by=WHO, visibility=VISIBILITY, data=st.data())
    def show_to(self, by, visibility, data):
        if not self.model.photos:
            return
        id = self.some_photo(data)
        allowed = self.world.update(self.person(by), "updatePhoto", id=id, visibility=visibility)
        assert allowed is (self.model.photos[id].owner == by)
        if allowed:
            self.model.photos[id].visibility = visibility

    @rule(by=WHO, data=st.data())
    def delete_photo(self, by, data):
        if self.model.photos:
            id = self.some_photo(data)
            allowed = self.world.change("deletePhoto", self.person(by), id)
            assert allowed is self.model.delete_photo(by, id)

    @rule(by=WHO, data=st.data())
    def like(self, by, data):
        if self.model.photos:
            id = self.some_photo(data)
            allowed = self.world.change("likePhoto", self.person(by), id)
            assert allowed is self.model.like(by, id)

    @rule(by=WHO, data=st.data())
    def unlike(self, by, data):
        if self.model.photos:
            id = self.some_photo(data)
            allowed = self.world.change("unlikePhoto", self.person(by), id)
            assert allowed is self.model.unlike(by, id)

    @rule(by=WHO, data=st.data())
    def comment(self, by, data):
        if not self.model.photos:
            return
        photo = self.some_photo(data)
        parents = [None, *(i for i, c in self.model.comments.items() if c.photo == photo)]
        parent = data.draw(st.sampled_from(parents))
        may = self.model.may_comment(by, photo, parent)
        made = self.world.comment(self.person(by), photo, parent)
        assert (made is not None) is may
        if made is not None:
            self.model.comment(made, Comment(photo, by, parent, self.model.number()))

    @rule(by=WHO, data=st.data())
    def delete_comment(self, by, data):
        if self.model.comments:
            id = data.draw(st.sampled_from(sorted(self.model.comments)))
            allowed = self.world.change("deleteComment", self.person(by), id)
            assert allowed is self.model.delete_comment(by, id)

    @invariant()
    def somebody_sees_what_they_should(self):
        # Some of the views after each step, every one in the course of a history.
        self.turn += 1
        for view in self.views()[self.turn % APART :: APART]:
            view()

    def teardown(self):
        for view in self.views():
            view()

    def views(self):
        for_one = (self.check_lists, self.check_inbox)
        views = [partial(check, viewer) for viewer in NAMES for check in for_one]
        return views + [partial(self.check_profile, *pair) for pair in product(NAMES, NAMES)]

    def check_lists(self, viewer):
        model, person = self.model, self.person(viewer)
        shown = self.world.ask(LISTS, person, tag=self.tag)
        asking = shown.pop("followRequests")
        lists = {name: [edge["node"]["id"] for edge in shown[name]["edges"]] for name in shown}
        assert lists["feed"] == model.feed(viewer)
        assert sorted(lists["top"]) == sorted(lists["feed"])
        assert lists["tagged"] == model.public(viewer)
        self.same_people(asking, [by for by, of in model.requests if of == viewer])

    def check_inbox(self, viewer):
        model = self.model
        told = self.world.ask(TOLD, self.person(viewer))["notifications"]
        assert told["unreadCount"] == model.inbox.unread(viewer)
        shown = [_entry(edge["node"]) for edge in told["edges"]]
        assert sorted(shown, key=str) == sorted(
            (self.expected_entry(viewer, each) for each in model.inbox.of(viewer)), key=str
        )

    def expected_entry(self, viewer, entry):
        model, (kind, photo, on) = self.model, entry.about
        is_seen = photo is not None and model.sees(viewer, photo)
        names = sorted(self.person(actor).username for actor in entry.actors)
        is_met = is_seen and on is not None and model.meets(viewer, on)
        return kind, entry.is_read, photo if is_seen else None, on if is_met else None, names

    def check_profile(self, viewer, name):
        model = self.model
        seen = self.world.ask(SEEN, self.person(viewer), name=self.person(name).username)["user"]
        if model.apart(viewer, name):
            assert seen is None
            return
        followers, following = model.followers(name, viewer), model.following(name, viewer)
        self.same_people(seen["followers"], followers)
        self.same_people(seen["following"], following)
        assert seen["followerCount"] == len(followers)
        assert seen["followingCount"] == len(following)
        assert seen["followsViewer"] is ((name, viewer) in model.follows)
        self.check_photos(viewer, name, seen)

    def check_photos(self, viewer, name, seen):
        model = self.model
        expected = model.photos_of(name, viewer)
        shown = [edge["node"] for edge in seen["photos"]["edges"]]
        assert [photo["id"] for photo in shown] == expected
        statuses = [model.photos[id].status for id in expected]
        assert [photo["status"] for photo in shown] == statuses
        assert seen["photoCount"] == len(expected)
        for photo in shown:
            likers = model.likers(photo["id"], viewer)
            self.same_people(photo["likers"], likers)
            assert photo["likeCount"] == len(likers)
            assert photo["viewerHasLiked"] is ((viewer, photo["id"]) in model.likes)
            thread = model.thread(photo["id"], viewer)
            if not model.children_of(photo["id"]):
                assert photo["commentCount"] == 0
                continue
            assert self.world.thread(self.person(viewer), photo["id"]) == thread
            live = [id for id, is_deleted in flat(thread) if not is_deleted]
            assert photo["commentCount"] == len(live)

    def same_people(self, connection, names):
        shown = sorted(edge["node"]["username"] for edge in connection["edges"])
        assert shown == sorted(self.person(name).username for name in names)


@pytest.fixture
def world(database, settings):
    opened = World(settings)
    yield opened
    opened.close()


def test_histories(world, monkeypatch):
    monkeypatch.setattr(Histories, "world", world, raising=False)
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=HISTORIES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=HISTORIES <= 8,
            phases=[Phase.explicit, Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
