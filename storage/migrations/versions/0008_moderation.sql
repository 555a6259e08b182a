-- Rendered photos that await a verdict, and how often the moderation service was asked.
CREATE TABLE holds (
    photo_id UUID NOT NULL,
    message_id UUID DEFAULT uuidv7() NOT NULL,
    held_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    made JSONB NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    blurhash TEXT NOT NULL,
    dominant_color TEXT NOT NULL,
    asked INTEGER DEFAULT '0' NOT NULL,
    last_error TEXT,
    given_up_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT holds_pkey PRIMARY KEY (photo_id),
    CONSTRAINT holds_photo_id_fkey FOREIGN KEY(photo_id) REFERENCES photos (id) ON DELETE CASCADE,
    CONSTRAINT holds_message_id_key UNIQUE (message_id)
);

-- Who judges.
CREATE TABLE moderators (
    user_id UUID NOT NULL,
    since TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT moderators_pkey PRIMARY KEY (user_id),
    CONSTRAINT moderators_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);

-- What is to be judged; one open case for each subject.
CREATE TABLE cases (
    id UUID DEFAULT uuidv7() NOT NULL,
    kind VARCHAR(32) NOT NULL,
    photo_id UUID,
    comment_id UUID,
    user_id UUID,
    subject_id UUID GENERATED ALWAYS AS (coalesce(photo_id, comment_id, user_id)) STORED NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE,
    outcome VARCHAR(32),
    CONSTRAINT cases_pkey PRIMARY KEY (id),
    CONSTRAINT cases_subject_check CHECK (num_nonnulls(photo_id, comment_id, user_id) = 1),
    CONSTRAINT cases_closed_check CHECK ((closed_at is null) = (outcome is null)),
    CONSTRAINT cases_kind_check CHECK (kind IN ('HELD_PHOTO', 'PHOTO', 'COMMENT', 'USER')),
    CONSTRAINT cases_photo_id_fkey FOREIGN KEY(photo_id) REFERENCES photos (id) ON DELETE CASCADE,
    CONSTRAINT cases_comment_id_fkey FOREIGN KEY(comment_id) REFERENCES comments (id) ON DELETE CASCADE,
    CONSTRAINT cases_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT cases_outcome_check CHECK (outcome IN ('DISMISSED', 'REMOVED'))
);

CREATE INDEX cases_comment_id_idx ON cases (comment_id);

CREATE INDEX cases_kind_idx ON cases (kind, opened_at, id) WHERE closed_at IS NULL;

CREATE UNIQUE INDEX cases_open_key ON cases (subject_id) WHERE closed_at IS NULL;

CREATE INDEX cases_photo_id_idx ON cases (photo_id);

CREATE INDEX cases_queue_idx ON cases (opened_at, id) WHERE closed_at IS NULL;

CREATE INDEX cases_user_id_idx ON cases (user_id);

-- What people say about it; once each.
CREATE TABLE reports (
    id UUID DEFAULT uuidv7() NOT NULL,
    case_id UUID NOT NULL,
    subject_id UUID NOT NULL,
    reporter_id UUID NOT NULL,
    reason VARCHAR(32) NOT NULL,
    text TEXT DEFAULT '' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT reports_pkey PRIMARY KEY (id),
    CONSTRAINT reports_case_id_fkey FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE CASCADE,
    CONSTRAINT reports_reporter_id_fkey FOREIGN KEY(reporter_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT reports_reason_check CHECK (reason IN ('SPAM', 'NUDITY', 'VIOLENCE', 'HATE', 'HARASSMENT', 'SELF_HARM', 'ILLEGAL', 'COPYRIGHT', 'OTHER'))
);

CREATE INDEX reports_case_id_created_at_id_idx ON reports (case_id, created_at, id);

CREATE UNIQUE INDEX reports_once_key ON reports (subject_id, reporter_id);

CREATE INDEX reports_reporter_id_idx ON reports (reporter_id);

-- Every decision, for good.
CREATE TABLE moderation_log (
    id UUID DEFAULT uuidv7() NOT NULL,
    at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    decider VARCHAR(32) NOT NULL,
    decider_id UUID,
    action VARCHAR(32) NOT NULL,
    kind VARCHAR(32) NOT NULL,
    subject_id UUID NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    CONSTRAINT moderation_log_pkey PRIMARY KEY (id),
    CONSTRAINT moderation_log_moderator_check CHECK ((decider = 'MODERATOR') = (decider_id is not null)),
    CONSTRAINT moderation_log_decider_check CHECK (decider IN ('MODERATOR', 'SERVICE', 'OPERATOR')),
    CONSTRAINT moderation_log_action_check CHECK (action IN ('ALLOWED', 'REJECTED', 'TAKEN_DOWN', 'COMMENT_REMOVED', 'DISMISSED', 'MODERATOR_ADDED', 'MODERATOR_REMOVED')),
    CONSTRAINT moderation_log_kind_check CHECK (kind IN ('PHOTO', 'COMMENT', 'USER'))
);

CREATE INDEX moderation_log_newest_idx ON moderation_log (at DESC, id DESC);

CREATE INDEX moderation_log_subject_idx ON moderation_log (subject_id);

-- Callbacks that were taken; none is taken twice.
CREATE TABLE webhook_receipts (
    id TEXT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT webhook_receipts_pkey PRIMARY KEY (id)
);

CREATE INDEX webhook_receipts_received_at_idx ON webhook_receipts (received_at);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER moderation_log_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON moderation_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
