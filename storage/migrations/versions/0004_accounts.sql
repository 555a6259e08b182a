ALTER TABLE users
    ADD COLUMN avatar_token TEXT,
    ADD COLUMN avatar_size INTEGER,
    ADD CONSTRAINT users_avatar_token_key UNIQUE (avatar_token),
    ADD CONSTRAINT users_avatar_check CHECK ((avatar_token is null) = (avatar_size is null));

ALTER TABLE comments
    ALTER COLUMN author_id DROP NOT NULL,
    ADD CONSTRAINT comments_author_check CHECK (author_id is not null or body is null);

CREATE TABLE avatars (
    id UUID DEFAULT uuidv7() NOT NULL,
    user_id UUID NOT NULL,
    upload_id UUID NOT NULL,
    status VARCHAR(32) NOT NULL,
    failure_code VARCHAR(32),
    failure_message TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    original_key TEXT NOT NULL,
    content_type TEXT NOT NULL,
    byte_size BIGINT NOT NULL,
    checksum_sha256 BYTEA NOT NULL,
    filename TEXT,
    token TEXT NOT NULL,
    attempt INTEGER DEFAULT '0' NOT NULL,
    crashes INTEGER DEFAULT '0' NOT NULL,
    CONSTRAINT avatars_pkey PRIMARY KEY (id),
    CONSTRAINT avatars_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT avatars_upload_id_key UNIQUE (upload_id),
    CONSTRAINT avatars_original_key_key UNIQUE (original_key),
    CONSTRAINT avatars_token_key UNIQUE (token),
    CONSTRAINT avatars_status_check CHECK (status IN ('PROCESSING', 'READY', 'FAILED')),
    CONSTRAINT avatars_failure_code_check CHECK (failure_code IN ('CHECKSUM_MISMATCH', 'UNSUPPORTED_FORMAT', 'CORRUPT_IMAGE', 'TOO_MANY_PIXELS', 'REJECTED_BY_MODERATION', 'PROCESSING_ERROR')),
    CONSTRAINT avatars_failure_check CHECK ((status = 'FAILED') = (failure_code is not null))
);

CREATE UNIQUE INDEX avatars_shown_key ON avatars (user_id) WHERE status = 'READY';

CREATE UNIQUE INDEX avatars_chosen_key ON avatars (user_id) WHERE status <> 'READY';

CREATE TABLE departures (
    user_id UUID NOT NULL,
    left_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT departures_pkey PRIMARY KEY (user_id),
    CONSTRAINT departures_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE TABLE former_usernames (
    id UUID DEFAULT uuidv7() NOT NULL,
    user_id UUID NOT NULL,
    username TEXT NOT NULL,
    given_up_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT former_usernames_pkey PRIMARY KEY (id),
    CONSTRAINT former_usernames_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX former_usernames_user_id_idx ON former_usernames (user_id);

CREATE INDEX former_usernames_username_idx ON former_usernames (username);

CREATE TABLE exports (
    user_id UUID NOT NULL,
    token TEXT NOT NULL,
    status VARCHAR(32) NOT NULL,
    requested_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    byte_size BIGINT,
    expires_at TIMESTAMP WITH TIME ZONE,
    crashes INTEGER DEFAULT '0' NOT NULL,
    CONSTRAINT exports_pkey PRIMARY KEY (user_id),
    CONSTRAINT exports_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT exports_token_key UNIQUE (token),
    CONSTRAINT exports_status_check CHECK (status IN ('PROCESSING', 'READY', 'FAILED')),
    CONSTRAINT exports_expiry_check CHECK ((status = 'READY') = (expires_at is not null))
);
