-- Who sees what is in the condition, so that a feed is answered without the photos themselves.
CREATE INDEX CONCURRENTLY IF NOT EXISTS photos_shown_idx ON photos (owner_id, created_at DESC, id DESC) WHERE status = 'READY' AND visibility IN ('PUBLIC', 'FOLLOWERS');

DROP INDEX CONCURRENTLY IF EXISTS photos_ready_idx;

CREATE INDEX CONCURRENTLY IF NOT EXISTS blocks_blocked_id_blocker_id_idx ON blocks (blocked_id, blocker_id);

DROP INDEX CONCURRENTLY IF EXISTS blocks_blocked_id_idx;

-- An index alone answers only for pages that a vacuum has seen since they changed, and the newest
-- photos are what is asked for most: not a fifth of the table may pass by, but a fiftieth.
ALTER TABLE photos SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);

ALTER TABLE follows SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);
