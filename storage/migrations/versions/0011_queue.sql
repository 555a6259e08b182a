-- The turn of a photo follows from that of the owner's newest ones that wait.
CREATE INDEX photos_processing_idx ON photos (owner_id, id) WHERE status = 'PROCESSING';
CREATE INDEX pgqueuer_turn_idx ON pgqueuer (payload)
    WHERE entrypoint = 'make_variants' AND status = 'queued';

-- Like PgQueuer's own index for claims, but jobs for later are passed over inside of it.
CREATE INDEX pgqueuer_claim_idx ON pgqueuer (entrypoint, priority DESC, id, execute_after)
    WHERE status = 'queued';
CREATE INDEX pgqueuer_held_idx ON pgqueuer (updated) WHERE status = 'failed';

-- Turns are priorities below 0; what nobody waits for comes after all of them.
UPDATE pgqueuer SET priority = -1000000000 WHERE entrypoint = 'remake_variants';
UPDATE pgqueuer SET priority = -2000000000 WHERE entrypoint = 'regenerate';
