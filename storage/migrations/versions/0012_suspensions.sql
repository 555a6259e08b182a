ALTER TABLE credentials ADD COLUMN suspended_for TEXT;

ALTER TABLE cases DROP CONSTRAINT cases_outcome_check;
ALTER TABLE cases ADD CONSTRAINT cases_outcome_check CHECK (outcome IN ('DISMISSED', 'REMOVED', 'SUSPENDED'));

ALTER TABLE moderation_log DROP CONSTRAINT moderation_log_action_check;
ALTER TABLE moderation_log ADD CONSTRAINT moderation_log_action_check CHECK (action IN ('ALLOWED', 'REJECTED', 'TAKEN_DOWN', 'COMMENT_REMOVED', 'DISMISSED', 'MODERATOR_ADDED', 'MODERATOR_REMOVED', 'SUSPENDED', 'REINSTATED'));
