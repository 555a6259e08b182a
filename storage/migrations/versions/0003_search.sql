-- All of these are trusted: the owner of the database may install them.
CREATE EXTENSION IF NOT EXISTS unaccent SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
CREATE EXTENSION IF NOT EXISTS fuzzystrmatch SCHEMA public;
CREATE EXTENSION IF NOT EXISTS cube SCHEMA public;

-- Words of letters and digits, without accents or case, with one blank between them.
-- What is stored and what is asked for go through the same function. The rules of unaccent
-- and the collation are part of the server and the same everywhere, hence immutable.
CREATE FUNCTION folded(written TEXT) RETURNS TEXT
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN btrim(regexp_replace(
        casefold(public.unaccent('public.unaccent'::regdictionary, normalize(written, NFKC)) COLLATE pg_catalog.pg_unicode_fast),
        '[^[:alnum:]]+', ' ', 'g'
    ));

CREATE FUNCTION photo_words(title TEXT, tags TEXT[], caption TEXT, alt_text TEXT) RETURNS TSVECTOR
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN setweight(to_tsvector('pg_catalog.simple'::regconfig, folded(title || ' ' || array_to_string(tags, ' '))), 'A')
        || setweight(to_tsvector('pg_catalog.simple'::regconfig, folded(caption)), 'B')
        || setweight(to_tsvector('pg_catalog.simple'::regconfig, folded(alt_text)), 'C');

-- With a blank before each word, so that LIKE '% ann%' finds the words that begin so.
CREATE FUNCTION user_names(username TEXT, display_name TEXT) RETURNS TEXT
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ' ' || folded(username) || ' ' || folded(display_name);

-- A point on the unit sphere: straight distances between such points grow with those on the
-- ground, across the date line and at the poles as everywhere.
CREATE FUNCTION earth_point(latitude FLOAT8, longitude FLOAT8) RETURNS CUBE
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN cube(ARRAY[
        cos(radians(latitude)) * cos(radians(longitude)),
        cos(radians(latitude)) * sin(radians(longitude)),
        sin(radians(latitude))
    ]);

ALTER TABLE photos
    ADD COLUMN words TSVECTOR GENERATED ALWAYS AS (photo_words(title, tags, caption, alt_text)) STORED NOT NULL;

ALTER TABLE users
    ADD COLUMN names TEXT GENERATED ALWAYS AS (user_names(username, display_name)) STORED NOT NULL;

CREATE INDEX photos_words_idx ON photos USING gin (words) WHERE status = 'READY' AND visibility = 'PUBLIC';

CREATE INDEX photos_point_idx ON photos USING gist (earth_point(latitude, longitude))
    WHERE status = 'READY' AND visibility = 'PUBLIC' AND latitude IS NOT NULL;

CREATE INDEX users_names_idx ON users USING gin (names gin_trgm_ops);

-- The tags of public photos only, in the order in which those are listed.
CREATE TABLE photo_tags (
    photo_id UUID NOT NULL,
    tag TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT photo_tags_pkey PRIMARY KEY (photo_id, tag),
    CONSTRAINT photo_tags_photo_id_fkey FOREIGN KEY(photo_id) REFERENCES photos (id) ON DELETE CASCADE
);

CREATE INDEX photo_tags_list_idx ON photo_tags (tag, created_at DESC, photo_id DESC);

-- Every word of a public photo, to find the right ones for a wrong one. Words are kept when
-- their photos go: a word that no photo has finds nothing.
CREATE TABLE vocabulary (
    word TEXT NOT NULL,
    CONSTRAINT vocabulary_pkey PRIMARY KEY (word)
);

CREATE INDEX vocabulary_alike_idx ON vocabulary USING gin (word gin_trgm_ops);

CREATE FUNCTION find_photo() RETURNS TRIGGER
    LANGUAGE plpgsql
    AS $$
DECLARE
    is_public CONSTANT BOOLEAN := NEW.status = 'READY' AND NEW.visibility = 'PUBLIC';
BEGIN
    DELETE FROM public.photo_tags WHERE photo_id = NEW.id AND NOT (is_public AND tag = ANY (NEW.tags));
    IF is_public THEN
        INSERT INTO public.photo_tags (photo_id, tag, created_at)
            SELECT DISTINCT NEW.id, tag, NEW.created_at FROM unnest(NEW.tags) AS tag
            ON CONFLICT DO NOTHING;
        -- In one order everywhere, so that two who add the same words never wait for each other.
        INSERT INTO public.vocabulary (word)
            SELECT word FROM unnest(tsvector_to_array(NEW.words)) AS word
            WHERE length(word) BETWEEN 4 AND 40 ORDER BY word
            ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER photos_are_found
    AFTER INSERT OR UPDATE OF title, tags, caption, alt_text, status, visibility ON photos
    FOR EACH ROW EXECUTE FUNCTION find_photo();

-- Words that a slip of the finger or two makes of one another, the likeliest first.
CREATE FUNCTION words_alike(written TEXT) RETURNS SETOF TEXT
    LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 5
    SET search_path = public
    SET pg_trgm.similarity_threshold = 0.2
    AS $$
    SELECT word
    FROM vocabulary
    WHERE word % written AND word <> written AND length(written) BETWEEN 4 AND 40
        AND levenshtein_less_equal(word, written, 2) <= CASE WHEN length(written) < 6 THEN 1 ELSE 2 END
    ORDER BY levenshtein_less_equal(word, written, 2), similarity(word, written) DESC, word
    LIMIT 5
$$;

-- How many public photos match, but never more than the most. Only the index over the words is
-- allowed to answer: walking photos until enough match could mean walking all of them.
CREATE FUNCTION photos_matching(query TSQUERY, most INTEGER) RETURNS BIGINT
    LANGUAGE sql STABLE STRICT
    SET search_path = public
    SET enable_seqscan = off
    SET enable_indexscan = off
    AS $$
    SELECT count(*)
    FROM (
        SELECT FROM photos
        WHERE words @@ query AND status = 'READY' AND visibility = 'PUBLIC'
        LIMIT most
    ) AS matching
$$;

-- People whose names are spelled like that, the likest first.
CREATE FUNCTION users_alike(written TEXT) RETURNS SETOF UUID
    LANGUAGE sql STABLE STRICT ROWS 50
    SET search_path = public
    SET pg_trgm.word_similarity_threshold = 0.4
    AS $$
    SELECT id FROM users WHERE written <% names ORDER BY word_similarity(written, names) DESC, id LIMIT 200
$$;

-- The rows that are there already.
INSERT INTO photo_tags (photo_id, tag, created_at)
    SELECT DISTINCT id, tag, created_at FROM photos, unnest(tags) AS tag
    WHERE status = 'READY' AND visibility = 'PUBLIC';

INSERT INTO vocabulary (word)
    SELECT DISTINCT word FROM photos, unnest(tsvector_to_array(words)) AS word
    WHERE status = 'READY' AND visibility = 'PUBLIC' AND length(word) BETWEEN 4 AND 40;

-- Counting what came after a moment; also what deleting a photo needs to find its comments.
CREATE INDEX comments_photo_id_created_at_idx ON comments (photo_id, created_at);
