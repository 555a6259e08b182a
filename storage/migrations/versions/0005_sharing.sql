-- What a camera wrote beside the pixels, kept for the owner, and what of it others are shown.
CREATE TABLE shots (
    photo_id UUID NOT NULL,
    shares_taken_at BOOLEAN DEFAULT 'false' NOT NULL,
    shares_camera BOOLEAN DEFAULT 'false' NOT NULL,
    wants_location BOOLEAN DEFAULT 'false' NOT NULL,
    taken_at TIMESTAMP WITH TIME ZONE,
    make TEXT,
    model TEXT,
    lens TEXT,
    focal_length_mm FLOAT,
    f_number FLOAT,
    exposure_s FLOAT,
    iso INTEGER,
    CONSTRAINT shots_pkey PRIMARY KEY (photo_id),
    CONSTRAINT shots_photo_id_fkey FOREIGN KEY(photo_id) REFERENCES photos (id) ON DELETE CASCADE
);

-- Nothing ever wrote it.
ALTER TABLE photos DROP COLUMN taken_at;

-- A size can be there in several formats.
ALTER TABLE variants
    DROP CONSTRAINT variants_pkey,
    ADD CONSTRAINT variants_pkey PRIMARY KEY (photo_id, name, content_type);
