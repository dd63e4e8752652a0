-- A page's title is public once a comment that brought it was published, or staff set it.
-- +goose Up

ALTER TABLE comments ADD COLUMN page_title TEXT COLLATE "C" NOT NULL DEFAULT '';
-- The comment that a title came with; '' where staff set it, as all that are public already count.
ALTER TABLE pages ADD COLUMN titled_by TEXT COLLATE "C" NOT NULL DEFAULT '';

-- Where nothing is approved, the title goes back to those who may have brought it.
UPDATE comments
SET    page_title = (SELECT p.title FROM pages AS p WHERE p.site_id = comments.site_id AND p.id = comments.page_id)
WHERE  state IN (0, 2, 3)
  AND  NOT EXISTS (
       SELECT 1 FROM comments AS o
       WHERE  o.site_id = comments.site_id AND o.page_id = comments.page_id AND o.state = 1);
UPDATE pages
SET    title = ''
WHERE  title <> ''
  AND  NOT EXISTS (
       SELECT 1 FROM comments AS o
       WHERE  o.site_id = pages.site_id AND o.page_id = pages.id AND o.state = 1);
