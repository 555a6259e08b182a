CREATE TABLE users (
    id UUID DEFAULT uuidv7() NOT NULL,
    username TEXT NOT NULL,
    display_name TEXT DEFAULT '' NOT NULL,
    bio TEXT DEFAULT '' NOT NULL,
    is_private BOOLEAN DEFAULT false NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    public_photo_count INTEGER DEFAULT '0' NOT NULL CONSTRAINT users_public_photo_count_check CHECK (public_photo_count >= 0),
    followers_photo_count INTEGER DEFAULT '0' NOT NULL CONSTRAINT users_followers_photo_count_check CHECK (followers_photo_count >= 0),
    own_photo_count INTEGER DEFAULT '0' NOT NULL CONSTRAINT users_own_photo_count_check CHECK (own_photo_count >= 0),
    follower_count INTEGER DEFAULT '0' NOT NULL CONSTRAINT users_follower_count_check CHECK (follower_count >= 0),
    following_count INTEGER DEFAULT '0' NOT NULL CONSTRAINT users_following_count_check CHECK (following_count >= 0),
    CONSTRAINT users_pkey PRIMARY KEY (id)
)
 WITH (fillfactor = 80);

CREATE INDEX users_created_at_id_idx ON users (created_at DESC, id DESC);

CREATE UNIQUE INDEX users_username_key ON users (lower(username));

CREATE TABLE blocks (
    blocker_id UUID NOT NULL,
    blocked_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT blocks_pkey PRIMARY KEY (blocker_id, blocked_id),
    CONSTRAINT blocks_not_oneself_check CHECK (blocker_id <> blocked_id),
    CONSTRAINT blocks_blocker_id_fkey FOREIGN KEY(blocker_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT blocks_blocked_id_fkey FOREIGN KEY(blocked_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX blocks_blocked_id_idx ON blocks (blocked_id);

CREATE TABLE credentials (
    user_id UUID NOT NULL,
    email TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    CONSTRAINT credentials_pkey PRIMARY KEY (user_id),
    CONSTRAINT credentials_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX credentials_email_key ON credentials (lower(email));

CREATE TABLE follow_requests (
    follower_id UUID NOT NULL,
    followee_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT follow_requests_pkey PRIMARY KEY (follower_id, followee_id),
    CONSTRAINT follow_requests_not_oneself_check CHECK (follower_id <> followee_id),
    CONSTRAINT follow_requests_follower_id_fkey FOREIGN KEY(follower_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT follow_requests_followee_id_fkey FOREIGN KEY(followee_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX follow_requests_waiting_idx ON follow_requests (followee_id, created_at DESC, follower_id DESC);

CREATE TABLE follows (
    follower_id UUID NOT NULL,
    followee_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT follows_pkey PRIMARY KEY (follower_id, followee_id),
    CONSTRAINT follows_not_oneself_check CHECK (follower_id <> followee_id),
    CONSTRAINT follows_follower_id_fkey FOREIGN KEY(follower_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT follows_followee_id_fkey FOREIGN KEY(followee_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX follows_followers_idx ON follows (followee_id, created_at DESC, follower_id DESC);

CREATE INDEX follows_following_idx ON follows (follower_id, created_at DESC, followee_id DESC);

CREATE TABLE photos (
    id UUID DEFAULT uuidv7() NOT NULL,
    owner_id UUID NOT NULL,
    upload_id UUID NOT NULL,
    title TEXT DEFAULT '' NOT NULL,
    caption TEXT DEFAULT '' NOT NULL,
    alt_text TEXT DEFAULT '' NOT NULL,
    tags TEXT[] DEFAULT '{}' NOT NULL,
    latitude FLOAT,
    longitude FLOAT,
    location_name TEXT,
    visibility VARCHAR(32) NOT NULL,
    status VARCHAR(32) NOT NULL,
    failure_code VARCHAR(32),
    failure_message TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    taken_at TIMESTAMP WITH TIME ZONE,
    width INTEGER,
    height INTEGER,
    blurhash TEXT,
    dominant_color TEXT,
    original_key TEXT NOT NULL,
    content_type TEXT NOT NULL,
    byte_size BIGINT NOT NULL,
    checksum_sha256 BYTEA NOT NULL,
    filename TEXT,
    media_token TEXT NOT NULL,
    attempt INTEGER DEFAULT '0' NOT NULL,
    crashes INTEGER DEFAULT '0' NOT NULL,
    CONSTRAINT photos_pkey PRIMARY KEY (id),
    CONSTRAINT photos_location_check CHECK ((latitude is null) = (longitude is null)),
    CONSTRAINT photos_failure_check CHECK ((status = 'FAILED') = (failure_code is not null)),
    CONSTRAINT photos_owner_id_fkey FOREIGN KEY(owner_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT photos_upload_id_key UNIQUE (upload_id),
    CONSTRAINT photos_visibility_check CHECK (visibility IN ('PUBLIC', 'FOLLOWERS', 'PRIVATE')),
    CONSTRAINT photos_status_check CHECK (status IN ('PROCESSING', 'READY', 'FAILED')),
    CONSTRAINT photos_failure_code_check CHECK (failure_code IN ('CHECKSUM_MISMATCH', 'UNSUPPORTED_FORMAT', 'CORRUPT_IMAGE', 'TOO_MANY_PIXELS', 'REJECTED_BY_MODERATION', 'PROCESSING_ERROR')),
    CONSTRAINT photos_original_key_key UNIQUE (original_key),
    CONSTRAINT photos_media_token_key UNIQUE (media_token)
);

CREATE INDEX photos_owner_id_created_at_id_idx ON photos (owner_id, created_at DESC, id DESC);

CREATE INDEX photos_public_idx ON photos (created_at DESC, id DESC) WHERE status = 'READY' AND visibility = 'PUBLIC';

CREATE INDEX photos_ready_idx ON photos (owner_id, created_at DESC, id DESC) WHERE status = 'READY';

CREATE INDEX photos_unfinished_idx ON photos (status, created_at) WHERE status <> 'READY';

CREATE TABLE sessions (
    id UUID DEFAULT uuidv7() NOT NULL,
    user_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT sessions_pkey PRIMARY KEY (id),
    CONSTRAINT sessions_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX sessions_user_id_idx ON sessions (user_id);

CREATE TABLE uploads (
    id UUID DEFAULT uuidv7() NOT NULL,
    user_id UUID NOT NULL,
    staging_key TEXT NOT NULL,
    content_type TEXT NOT NULL,
    byte_size BIGINT NOT NULL,
    checksum_sha256 BYTEA NOT NULL,
    filename TEXT,
    idempotency_key TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    publish_until TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT uploads_pkey PRIMARY KEY (id),
    CONSTRAINT uploads_user_id_idempotency_key_key UNIQUE (user_id, idempotency_key),
    CONSTRAINT uploads_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT uploads_staging_key_key UNIQUE (staging_key)
);

CREATE TABLE refresh_tokens (
    token_hash BYTEA NOT NULL,
    session_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT refresh_tokens_pkey PRIMARY KEY (token_hash),
    CONSTRAINT refresh_tokens_session_id_fkey FOREIGN KEY(session_id) REFERENCES sessions (id) ON DELETE CASCADE
);

CREATE INDEX refresh_tokens_session_id_idx ON refresh_tokens (session_id);

CREATE TABLE variants (
    photo_id UUID NOT NULL,
    name VARCHAR(32) NOT NULL,
    key TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    content_type TEXT NOT NULL,
    byte_size BIGINT NOT NULL,
    CONSTRAINT variants_pkey PRIMARY KEY (photo_id, name),
    CONSTRAINT variants_photo_id_fkey FOREIGN KEY(photo_id) REFERENCES photos (id) ON DELETE CASCADE,
    CONSTRAINT variants_name_check CHECK (name IN ('THUMB', 'MEDIUM', 'FULL')),
    CONSTRAINT variants_key_key UNIQUE (key)
);
