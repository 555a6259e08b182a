"""The table of contents: a field that is reached by a resolver and is not here does not exist."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from resolvers import (
    accounts,
    avatars,
    blocks,
    comments,
    edits,
    feed,
    follows,
    likes,
    nodes,
    notifications,
    photos,
    sessions,
    subscriptions,
    uploads,
    users,
    variants,
)
from resolvers.extend import extend
from resolvers.problems import answering
from schema.accounts import DataExport
from schema.comments import Comment
from schema.errors import InputError
from schema.notifications import Notification, NotificationConnection
from schema.photos import Photo
from schema.roots import Mutation, Query, Subscription
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
    data_export=accounts.data_export,
    notifications=notifications.notifications,
)
extend(
    User,
    avatar_url=avatars.url,
    avatar_status=avatars.status,
    avatar_failure=avatars.failure,
    photo_count=users.photo_count,
    follower_count=follows.follower_count,
    following_count=follows.following_count,
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
    like_count=likes.count,
    viewer_has_liked=likes.viewer_has_liked,
    likers=likes.likers,
    comment_count=comments.count,
    comments=comments.of_photo,
)
extend(
    Comment,
    photo=comments.photo,
    author=comments.author,
    parent=comments.parent,
    reply_count=comments.reply_count,
    replies=comments.replies,
)
extend(Upload, request=uploads.request)
extend(Session, user=sessions.user)
extend(DataExport, url=accounts.export_url)
extend(NotificationConnection, unread_count=notifications.unread_count)
extend(
    Notification,
    actor=notifications.actor,
    actors=notifications.actors,
    actor_count=notifications.actor_count,
    photo=notifications.photo,
    comment=notifications.comment,
)
extend(
    Mutation,
    sign_up=answering(sessions.sign_up),
    log_in=answering(sessions.log_in),
    refresh_session=answering(sessions.refresh),
    log_out=answering(sessions.log_out),
    update_profile=answering(users.update_profile),
    change_username=answering(accounts.change_username),
    delete_account=answering(accounts.delete),
    request_export=answering(accounts.request_export),
    create_upload=answering(uploads.create),
    publish_photo=answering(photos.publish),
    update_photo=answering(edits.update),
    retry_photo=answering(edits.retry),
    delete_photo=answering(edits.delete),
    follow_user=answering(follows.follow),
    unfollow_user=answering(follows.unfollow),
    accept_follow=answering(follows.accept),
    decline_follow=answering(follows.decline),
    remove_follower=answering(follows.remove_follower),
    block_user=answering(blocks.block),
    unblock_user=answering(blocks.unblock),
    mark_notifications_read=answering(notifications.mark_read),
    like_photo=answering(likes.like),
    unlike_photo=answering(likes.unlike),
    add_comment=answering(comments.add),
    delete_comment=answering(comments.remove),
)

extend(
    Subscription,
    photo_status=subscriptions.photo_status,
    notification_received=subscriptions.notification_received,
)

schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[InputError],
    config=StrawberryConfig(scalar_map=SCALARS),
)

# What graphql-core executes; Strawberry has no public name for it.
core = schema._schema  # noqa: SLF001
