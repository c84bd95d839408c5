-- contract: tags are shown as they were first written and compared by a folded form. Stop earlier versions first.

ALTER TABLE tag ADD COLUMN name_folded text COLLATE "C";
UPDATE tag SET name_folded = name;
ALTER TABLE tag ALTER COLUMN name_folded SET NOT NULL;
ALTER TABLE tag DROP CONSTRAINT tag_name_unique;
ALTER TABLE tag ADD CONSTRAINT tag_name_unique UNIQUE (workspace_id, name_folded);
