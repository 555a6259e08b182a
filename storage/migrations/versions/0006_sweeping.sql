-- What happens again and again, and when next; whoever moves the time on is the one to do it.
CREATE TABLE schedules (
    name TEXT NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    fired BIGINT DEFAULT '0' NOT NULL,
    CONSTRAINT schedules_pkey PRIMARY KEY (name)
);

-- A walk through the bucket, and how far it has come.
CREATE TABLE sweeps (
    id UUID DEFAULT uuidv7() NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    place TEXT DEFAULT '' NOT NULL,
    listed BIGINT DEFAULT '0' NOT NULL,
    removed BIGINT DEFAULT '0' NOT NULL,
    held BIGINT DEFAULT '0' NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT sweeps_pkey PRIMARY KEY (id)
);

CREATE UNIQUE INDEX sweeps_running_key ON sweeps ((finished_at IS NULL)) WHERE finished_at IS NULL;

-- What a walk found that no row speaks of.
CREATE TABLE orphans (
    key TEXT NOT NULL,
    sweep_id UUID NOT NULL,
    byte_size BIGINT NOT NULL,
    CONSTRAINT orphans_pkey PRIMARY KEY (key),
    CONSTRAINT orphans_sweep_id_fkey FOREIGN KEY(sweep_id) REFERENCES sweeps (id) ON DELETE CASCADE
);

CREATE INDEX orphans_sweep_id_idx ON orphans (sweep_id);

-- Variants that others took the place of, and that pages shown before still point to.
CREATE TABLE replaced_variants (
    key TEXT NOT NULL,
    photo_id UUID NOT NULL,
    removable_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT replaced_variants_pkey PRIMARY KEY (key)
);

CREATE INDEX replaced_variants_photo_id_idx ON replaced_variants (photo_id);

CREATE INDEX replaced_variants_removable_at_idx ON replaced_variants (removable_at);

-- A wish to have the variants of many photos made anew, and how far that has come.
CREATE TABLE regenerations (
    id UUID DEFAULT uuidv7() NOT NULL,
    requested_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    only_size TEXT,
    photo_id UUID,
    since TIMESTAMP WITH TIME ZONE,
    until TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    place UUID,
    total INTEGER NOT NULL,
    listed INTEGER DEFAULT '0' NOT NULL,
    made INTEGER DEFAULT '0' NOT NULL,
    failed INTEGER DEFAULT '0' NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    is_cancelled BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT regenerations_pkey PRIMARY KEY (id)
);

CREATE UNIQUE INDEX regenerations_running_key ON regenerations ((ended_at IS NULL)) WHERE ended_at IS NULL;

-- Photos whose variants are being made anew; the attempt fences late workers.
CREATE TABLE remakings (
    photo_id UUID NOT NULL,
    regeneration_id UUID NOT NULL,
    token TEXT,
    attempt INTEGER DEFAULT '0' NOT NULL,
    crashes INTEGER DEFAULT '0' NOT NULL,
    failure_code TEXT,
    failure_message TEXT,
    CONSTRAINT remakings_pkey PRIMARY KEY (photo_id),
    CONSTRAINT remakings_photo_id_fkey FOREIGN KEY(photo_id) REFERENCES photos (id) ON DELETE CASCADE,
    CONSTRAINT remakings_regeneration_id_fkey FOREIGN KEY(regeneration_id) REFERENCES regenerations (id) ON DELETE CASCADE,
    CONSTRAINT remakings_token_key UNIQUE (token)
);

CREATE INDEX remakings_regeneration_id_idx ON remakings (regeneration_id);

-- Used uploads stay as long as what they became, for their idempotency keys; these were looked at.
ALTER TABLE uploads ADD COLUMN is_kept BOOLEAN DEFAULT false NOT NULL;

CREATE INDEX uploads_over_idx ON uploads (publish_until) WHERE NOT is_kept;

CREATE INDEX refresh_tokens_created_at_idx ON refresh_tokens (created_at);

CREATE INDEX notifications_read_at_idx ON notifications (read_at) WHERE read_at IS NOT NULL;
