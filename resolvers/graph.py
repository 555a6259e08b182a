"""The table of contents: a field that is reached by a resolver and is not here does not exist."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from resolvers import (
    accounts,
    avatars,
    blocks,
    comments,
    edits,
    emails,
    feed,
    follows,
    likes,
    moderation,
    nodes,
    notifications,
    parts,
    photos,
    quotas,
    rates,
    reports,
    sessions,
    shots,
    subscriptions,
    uploads,
    users,
    variants,
)
from resolvers.extend import extend
from resolvers.problems import answering
from schema.accounts import DataExport
from schema.comments import Comment
from schema.emails import Account
from schema.errors import InputError
from schema.moderation import ModerationCase, ModerationEntry
from schema.notifications import Notification, NotificationConnection
from schema.photos import Photo
from schema.reports import Report
from schema.roots import Mutation, Query, Subscription
from schema.scalars import SCALARS
from schema.sessions import Session
from schema.uploads import Upload, UploadParts
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
    upload_quota=quotas.upload_quota,
    upload_limits=uploads.limits,
    rate_limit=rates.rate_limit,
    account=emails.account,
    sessions=sessions.every_session,
    notifications=notifications.notifications,
    moderation_queue=moderation.queue,
    moderation_log=moderation.log,
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
    taken_at=shots.taken_at,
    camera=shots.camera,
    shares_taken_at=shots.shares_taken_at,
    shares_camera=shots.shares_camera,
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
extend(Upload, request=uploads.request, parts=parts.of_upload)
extend(UploadParts, arrived=parts.arrived)
extend(Session, user=sessions.user)
extend(
    ModerationCase,
    photo=moderation.photo,
    variants=moderation.variants,
    comment=moderation.comment,
    user=moderation.user,
    report_count=moderation.report_count,
    reports=moderation.case_reports,
)
extend(Report, reporter=moderation.reporter)
extend(ModerationEntry, moderator=moderation.moderator)
extend(Account, is_moderator=moderation.is_moderator)
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
    end_session=answering(sessions.end_one),
    end_other_sessions=answering(sessions.end_others),
    change_password=answering(emails.change_password),
    request_password_reset=answering(emails.request_password_reset),
    reset_password=answering(emails.reset_password),
    request_email_verification=answering(emails.request_verification),
    verify_email=answering(emails.verify_email),
    change_email=answering(emails.change_email),
    update_profile=answering(users.update_profile),
    change_username=answering(accounts.change_username),
    delete_account=answering(accounts.delete),
    request_export=answering(accounts.request_export),
    create_upload=answering(uploads.create),
    grant_upload_parts=answering(parts.grant),
    abort_upload=answering(uploads.abort),
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
    report=answering(reports.report),
    moderate_photo=answering(moderation.moderate_photo),
    resolve_reports=answering(moderation.resolve_reports),
    suspend_user=answering(moderation.suspend_user),
    reinstate_user=answering(moderation.reinstate_user),
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
