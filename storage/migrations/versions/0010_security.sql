ALTER TABLE credentials ADD COLUMN verified_at TIMESTAMP WITH TIME ZONE;

ALTER TABLE sessions
    ADD COLUMN used_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    ADD COLUMN user_agent TEXT DEFAULT '' NOT NULL,
    ADD COLUMN address_digest BYTEA;

CREATE TABLE attempts (
    subject BYTEA NOT NULL,
    times TIMESTAMP WITH TIME ZONE[] NOT NULL,
    latest_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT attempts_pkey PRIMARY KEY (subject)
);

CREATE INDEX attempts_latest_at_idx ON attempts (latest_at);

CREATE TABLE mails (
    id UUID DEFAULT uuidv7() NOT NULL,
    kind VARCHAR(32) NOT NULL,
    user_id UUID,
    email TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    sent_at TIMESTAMP WITH TIME ZONE,
    used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT mails_pkey PRIMARY KEY (id),
    CONSTRAINT mails_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT mails_kind_check CHECK (kind IN ('VERIFY_EMAIL', 'CHANGE_EMAIL', 'RESET_PASSWORD', 'PASSWORD_CHANGED', 'EMAIL_CHANGED'))
);

CREATE INDEX mails_user_id_idx ON mails (user_id);

CREATE INDEX mails_created_at_idx ON mails (created_at);

CREATE TABLE mail_codes (
    code_hash BYTEA NOT NULL,
    mail_id UUID NOT NULL,
    CONSTRAINT mail_codes_pkey PRIMARY KEY (code_hash),
    CONSTRAINT mail_codes_mail_id_fkey FOREIGN KEY(mail_id) REFERENCES mails (id) ON DELETE CASCADE
);

CREATE INDEX mail_codes_mail_id_idx ON mail_codes (mail_id);

CREATE TABLE idempotency_keys (
    id BYTEA NOT NULL,
    user_id UUID,
    fingerprint BYTEA NOT NULL,
    answer BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (id),
    CONSTRAINT idempotency_keys_user_id_fkey FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX idempotency_keys_user_id_idx ON idempotency_keys (user_id);

CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);
