"""The table of contents: a field that is reached by a resolver and is not here does not exist."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from resolvers import blocks, feed, follows, nodes, photos, sessions, uploads, users, variants
from resolvers.extend import extend
from resolvers.problems import answering
from schema.errors import InputError
from schema.photos import Photo
from schema.roots import Mutation, Query
from schema.scalars import SCALARS
from schema.sessions import Session
from schema.uploads import Upload
from schema.users import User

extend(
    Query,
    node=nodes.node,
    nodes=nodes.nodes,
    viewer=users.viewer,
    user=users.user,
    photos=photos.every_photo,
    users=users.every_user,
    feed=feed.feed,
    follow_requests=follows.requests,
    blocked_users=blocks.blocked_users,
)
extend(
    User,
    photo_count=users.photo_count,
    viewer_follow=follows.viewer_follow,
    follows_viewer=follows.follows_viewer,
    photos=users.photos,
    followers=follows.followers,
    following=follows.following,
)
extend(
    Photo,
    owner=users.owner,
    variants=variants.every_variant,
    variant=variants.variant,
    original_url=photos.original_url,
)
extend(Upload, request=uploads.request)
extend(Session, user=sessions.user)
extend(
    Mutation,
    sign_up=answering(sessions.sign_up),
    log_in=answering(sessions.log_in),
    refresh_session=answering(sessions.refresh),
    log_out=answering(sessions.log_out),
    update_profile=answering(users.update_profile),
    create_upload=answering(uploads.create),
    publish_photo=answering(photos.publish),
    follow_user=answering(follows.follow),
    unfollow_user=answering(follows.unfollow),
    accept_follow=answering(follows.accept),
    decline_follow=answering(follows.decline),
    remove_follower=answering(follows.remove_follower),
    block_user=answering(blocks.block),
    unblock_user=answering(blocks.unblock),
)

schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    types=[InputError],
    config=StrawberryConfig(scalar_map=SCALARS),
)

# What graphql-core executes; Strawberry has no public name for it.
core = schema._schema  # noqa: SLF001
