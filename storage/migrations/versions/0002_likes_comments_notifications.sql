ALTER TABLE photos
    ADD COLUMN like_count INTEGER DEFAULT '0' NOT NULL CONSTRAINT photos_like_count_check CHECK (like_count >= 0),
    ADD COLUMN comment_count INTEGER DEFAULT '0' NOT NULL CONSTRAINT photos_comment_count_check CHECK (comment_count >= 0);

CREATE TABLE likes (
    photo_id UUID NOT NULL,
    user_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT likes_pkey PRIMARY KEY (photo_id, user_id),
    CONSTRAINT likes_photo_id_fkey FOREIGN KEY(photo_id) REFERENCES photos (id) ON DELETE CASCADE,
    CONSTRAINT likes_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX likes_likers_idx ON likes (photo_id, created_at DESC, user_id DESC);

CREATE INDEX likes_user_id_idx ON likes (user_id);

CREATE TABLE comments (
    id UUID DEFAULT uuidv7() NOT NULL,
    photo_id UUID NOT NULL,
    author_id UUID NOT NULL,
    parent_id UUID,
    body TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    reply_count INTEGER DEFAULT '0' NOT NULL CONSTRAINT comments_reply_count_check CHECK (reply_count >= 0),
    CONSTRAINT comments_pkey PRIMARY KEY (id),
    CONSTRAINT comments_photo_id_fkey FOREIGN KEY(photo_id) REFERENCES photos (id) ON DELETE CASCADE,
    CONSTRAINT comments_author_id_fkey FOREIGN KEY(author_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT comments_parent_id_fkey FOREIGN KEY(parent_id) REFERENCES comments (id) ON DELETE CASCADE
);

CREATE INDEX comments_author_id_idx ON comments (author_id);

CREATE INDEX comments_replies_idx ON comments (parent_id, created_at, id);

CREATE INDEX comments_threads_idx ON comments (photo_id, created_at DESC, id DESC) WHERE parent_id IS NULL;

CREATE TABLE notifications (
    id UUID DEFAULT uuidv7() NOT NULL,
    user_id UUID NOT NULL,
    kind VARCHAR(32) NOT NULL,
    photo_id UUID,
    comment_id UUID,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    read_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT notifications_pkey PRIMARY KEY (id),
    CONSTRAINT notifications_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT notifications_kind_check CHECK (kind IN ('FOLLOW', 'FOLLOW_REQUEST', 'FOLLOW_ACCEPTED', 'LIKE', 'COMMENT', 'REPLY', 'MENTION')),
    CONSTRAINT notifications_photo_id_fkey FOREIGN KEY(photo_id) REFERENCES photos (id) ON DELETE CASCADE,
    CONSTRAINT notifications_comment_id_fkey FOREIGN KEY(comment_id) REFERENCES comments (id) ON DELETE CASCADE
);

CREATE INDEX notifications_comment_id_idx ON notifications (comment_id);

CREATE UNIQUE INDEX notifications_likes_key ON notifications (user_id, photo_id) WHERE kind = 'LIKE' AND read_at IS NULL;

CREATE INDEX notifications_list_idx ON notifications (user_id, created_at DESC, id DESC);

CREATE INDEX notifications_photo_id_idx ON notifications (photo_id);

CREATE INDEX notifications_unread_idx ON notifications (user_id) WHERE read_at IS NULL;

CREATE TABLE notification_actors (
    notification_id UUID NOT NULL,
    actor_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT notification_actors_pkey PRIMARY KEY (notification_id, actor_id),
    CONSTRAINT notification_actors_notification_id_fkey FOREIGN KEY(notification_id) REFERENCES notifications (id) ON DELETE CASCADE,
    CONSTRAINT notification_actors_actor_id_fkey FOREIGN KEY(actor_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX notification_actors_actor_id_idx ON notification_actors (actor_id);

CREATE TABLE counter_checks (
    counter TEXT NOT NULL,
    drifted INTEGER NOT NULL,
    checked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT counter_checks_pkey PRIMARY KEY (counter)
);

CREATE INDEX notification_actors_latest_idx
    ON notification_actors (notification_id, created_at DESC, actor_id DESC);
