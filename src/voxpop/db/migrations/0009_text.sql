-- contract: tags are shown as they were first written and compared by a folded form. Stop earlier versions first.

ALTER TABLE tag ADD COLUMN name_folded text COLLATE "C";
UPDATE tag SET name_folded = name;
ALTER TABLE tag ALTER COLUMN name_folded SET NOT NULL;
ALTER TABLE tag DROP CONSTRAINT tag_name_unique;
ALTER TABLE tag ADD CONSTRAINT tag_name_unique UNIQUE (workspace_id, name_folded);

-- The language of a type's own question and thanks, as a tag like those of the translations; NULL is unknown.
ALTER TABLE builtin_survey_type ADD COLUMN language text;
UPDATE builtin_survey_type SET language = CASE code WHEN 'CSAT10' THEN 'en' ELSE 'ru' END;
ALTER TABLE survey_type ADD COLUMN language text
    CONSTRAINT survey_type_language_fits CHECK (length(language) BETWEEN 2 AND 35);
UPDATE survey_type s SET language = b.language
    FROM builtin_survey_type b WHERE b.code = s.code AND b.question = s.question AND b.thanks = s.thanks;

CREATE OR REPLACE FUNCTION create_workspace(new_id uuid, new_name text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO workspace (id, name, slug) VALUES (new_id, new_name, free_slug(new_name)) ON CONFLICT (name) DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO survey_type (workspace_id, code, name, question, thanks, language, scale_min, scale_max, formula,
                             satisfied_min, satisfied_max, formula_description, higher_is_better, translations)
    SELECT new_id, code, name, question, thanks, language, scale_min, scale_max, formula,
           satisfied_min, satisfied_max, formula_description, higher_is_better, translations FROM builtin_survey_type;
    RETURN true;
END $$;
