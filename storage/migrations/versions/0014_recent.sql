-- For feeds of those who follow many: among the newest photos of all there is a page of theirs.
-- Upwards, as the rows come, so that the pages of the index are filled.
CREATE INDEX CONCURRENTLY IF NOT EXISTS photos_recent_idx ON photos (created_at, id) WHERE status = 'READY' AND visibility IN ('PUBLIC', 'FOLLOWERS');
