-- Large contents as rows of just under a page each, instead of as one value, which the server held whole while it was
-- written. A signed file begins with the file that was sent: both share those pages.

CREATE TABLE content_pages (
    pages_id uuid NOT NULL,                                   -- of contents; no reference, which would be checked for each
    position integer NOT NULL,
    body     bytea NOT NULL,                                  -- 8064 bytes; of the last one, what is left
    PRIMARY KEY (pages_id, position)
);
ALTER TABLE content_pages ALTER COLUMN body SET STORAGE PLAIN;

ALTER TABLE contents
    ALTER COLUMN body DROP NOT NULL,                          -- a small content, or a large one of before; else null:
    ADD COLUMN pages_id uuid,                                 -- its pages,
    ADD COLUMN base_pages_id uuid,                            -- or those of another content, with which it begins;
    ADD COLUMN pages_size bigint NOT NULL DEFAULT 0,          -- how many bytes they hold;
    ADD COLUMN tail bytea NOT NULL DEFAULT '',                -- and what comes after them
    ADD CHECK (num_nonnulls(body, pages_id, base_pages_id) = 1);
ALTER TABLE contents ALTER COLUMN tail SET STORAGE EXTERNAL;

CREATE INDEX contents_by_base ON contents (base_pages_id) WHERE base_pages_id IS NOT NULL;
