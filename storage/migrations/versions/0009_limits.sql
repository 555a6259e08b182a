-- What is lost with a crash was a bucket that is full again: that is worth no log.
CREATE UNLOGGED TABLE rate_buckets (
    key BYTEA NOT NULL,
    full_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT rate_buckets_pkey PRIMARY KEY (key)
) WITH (fillfactor = 50);
