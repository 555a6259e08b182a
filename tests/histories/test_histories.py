"""Histories of a few people, played through the API and in a model: what they see is the same."""

import os

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.histories.model import FOLLOWERS, PRIVATE, PUBLIC, Comment, Model, Photo
from tests.histories.world import FEED, REQUESTS, SEEN, World

NAMES = ["ann", "bob", "cid"]
WHO = st.sampled_from(NAMES)
VISIBILITY = st.sampled_from([PUBLIC, FOLLOWERS, PRIVATE])
# A longer game: PICSHARE_TEST_HISTORIES=500 PICSHARE_TEST_STEPS=50
HISTORIES = int(os.environ.get("PICSHARE_TEST_HISTORIES", "8"))
STEPS = int(os.environ.get("PICSHARE_TEST_STEPS", "25"))


def flat(thread):
    for id, is_deleted, replies in thread:
        yield id, is_deleted
        yield from flat(replies)


class Histories(RuleBasedStateMachine):
    world: World

    def __init__(self):
        super().__init__()
        self.people = {name: self.world.person(name) for name in NAMES}
        self.model = Model(NAMES)
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

    @rule(by=WHO, visibility=VISIBILITY)
    def publish(self, by, visibility):
        id = self.world.photo(self.person(by), visibility)
        self.model.photos[id] = Photo(by, visibility, self.model.number())

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
            self.model.comments[made] = Comment(photo, by, parent, self.model.number())

    @rule(by=WHO, data=st.data())
    def delete_comment(self, by, data):
        if self.model.comments:
            id = data.draw(st.sampled_from(sorted(self.model.comments)))
            allowed = self.world.change("deleteComment", self.person(by), id)
            assert allowed is self.model.delete_comment(by, id)

    @invariant()
    def everyone_sees_what_they_should(self):
        # One person's eyes after each step: all of them in the course of a history.
        viewer = NAMES[self.turn % len(NAMES)]
        self.turn += 1
        self.check_feed(viewer)
        for name in NAMES:
            self.check_profile(viewer, name)

    def check_feed(self, viewer):
        model, person = self.model, self.person(viewer)
        shown = self.world.ask(FEED, person)["feed"]["edges"]
        assert [edge["node"]["id"] for edge in shown] == model.feed(viewer)
        asking = self.world.ask(REQUESTS, person)["followRequests"]["edges"]
        assert {edge["node"]["username"] for edge in asking} == {
            self.person(by).username for by, of in model.requests if of == viewer
        }

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
        assert seen["photoCount"] == len(expected)
        for photo in shown:
            likers = model.likers(photo["id"], viewer)
            self.same_people(photo["likers"], likers)
            assert photo["likeCount"] == len(likers)
            assert photo["viewerHasLiked"] is ((viewer, photo["id"]) in model.likes)
            thread = model.thread(photo["id"], viewer)
            assert self.world.thread(self.person(viewer), photo["id"]) == thread
            live = [id for id, is_deleted in flat(thread) if not is_deleted]
            assert photo["commentCount"] == len(live)

    def same_people(self, connection, names):
        shown = {edge["node"]["username"] for edge in connection["edges"]}
        assert shown == {self.person(name).username for name in names}


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
