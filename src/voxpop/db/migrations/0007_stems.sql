-- expand: words are found by their stems, which are kept beside them, and only the last word asked for is a beginning as
-- well: of a beginning the index gathers every ticket that has it. No release has tickets yet, so those there are get
-- their stems here.

-- What is left of words without their endings, by their script's language? Null for words that say nothing.
CREATE FUNCTION stems(words text[]) RETURNS TABLE (word text, stem text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = public, pg_temp AS $$
    SELECT word, (ts_lexize(CASE WHEN word ~ '[а-я]' THEN 'russian_stem'::regdictionary
                                 ELSE 'english_stem'::regdictionary END, word))[1]
    FROM unnest(words) AS one (word)
$$;

-- What is kept of a text: words behind the four letters of their workspace, and behind the same letters their stems.
CREATE FUNCTION words_and_stems(marked text[]) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = public, pg_temp AS $$
    SELECT array_to_tsvector(marked || array(
        SELECT left(marked[1], 4) || stem FROM stems(array(SELECT substr(each, 5) FROM unnest(marked) AS each))
        WHERE stem IS NOT NULL))
$$;

REVOKE ALL ON FUNCTION stems(text[]), words_and_stems(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION stems(text[]), words_and_stems(text[]) TO voxpop_app;

SET LOCAL statement_timeout = 0;  -- whoever runs what was not released yet may have many
ALTER TABLE ticket_search ALTER COLUMN words TYPE tsvector USING words_and_stems(tsvector_to_array(words));
ANALYZE ticket_search (words);  -- the guesses below live on what is known of them

-- As before, but for reading ahead, which halves the first search, and for what the index is asked for: all words, unless
-- the last is a beginning that many tickets have and the others are rarer. Then tickets with the others are compared one
-- by one, which costs five times as much for each. A word's forms and its beginnings are mostly in the same tickets, so
-- the guesses for them are not added.
CREATE OR REPLACE FUNCTION search_tickets(
    asked uuid, sought text, most_found integer,
    statuses text[], assignee uuid, unassigned boolean, rank smallint, ratings smallint[], requester text,
    since timestamptz, tag uuid,
    sort text, descending boolean,
    after_segment integer, after_moment timestamptz, after_id uuid, most integer
) RETURNS TABLE (id uuid, segment integer, moment timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan SET enable_seqscan = off SET work_mem = '32MB'
AS $$
DECLARE
    newest_first boolean := descending OR sort IN ('priority', 'rating');
    wanted tsquery := sought;
    looked_up tsquery := sought;
    each tsquery[] := string_to_array(sought, ' & ');
    others tsquery;
    guess float := greatest(guess_tickets(regexp_replace(sought, '\| .*\)', ')')::tsquery),
                            guess_tickets(regexp_replace(sought, '\(.* \|', '(')::tsquery));
BEGIN
    IF asked IS DISTINCT FROM nullif(current_setting('voxpop.workspace', true), '')::uuid THEN
        RAISE insufficient_privilege USING MESSAGE = 'another workspace';
    END IF;
    IF guess > 0.7 * most_found THEN
        RETURN QUERY SELECT NULL::uuid, NULL::integer, NULL::timestamptz;
        RETURN;
    END IF;
    IF sought LIKE '%:*%' AND cardinality(each) > 1 THEN
        others := array_to_string(trim_array(each, 1), ' & ');
        IF 5 * guess_tickets(others) < guess_tickets(each[cardinality(each)]) THEN
            looked_up := others;
        END IF;
    END IF;
    RETURN QUERY
    WITH hit AS MATERIALIZED (
        SELECT s.ticket_id, s.requester_email_folded, s.status, s.assignee_id, s.priority_rank, s.csat_rating,
               s.csat_rated_at, s.create_time, s.updated_at
        FROM ticket_search s
        WHERE s.workspace_id = asked AND s.words @@ looked_up AND (looked_up = wanted OR s.words @@ wanted) IS TRUE
        LIMIT most_found + 1
    ), too_many AS MATERIALIZED (
        SELECT FROM hit HAVING count(*) > most_found
    ), placed AS (
        SELECT h.ticket_id,
            CASE sort WHEN 'priority' THEN CASE WHEN descending THEN 5 - h.priority_rank ELSE h.priority_rank END
                WHEN 'rating' THEN coalesce(CASE WHEN descending THEN 6 - h.csat_rating ELSE h.csat_rating END, 6)
                ELSE 1 END AS segment,
            CASE sort WHEN 'created' THEN h.create_time WHEN 'rating' THEN coalesce(h.csat_rated_at, h.updated_at)
                ELSE h.updated_at END AS moment
        FROM hit h
        WHERE NOT EXISTS (SELECT FROM too_many)
            AND (cardinality(statuses) = 0 OR h.status = ANY (statuses))
            AND (assignee IS NULL OR h.assignee_id = assignee) AND (NOT unassigned OR h.assignee_id IS NULL)
            AND (rank IS NULL OR h.priority_rank = rank)
            AND (cardinality(ratings) = 0 OR coalesce(h.csat_rating, 0) = ANY (ratings))
            AND (requester IS NULL OR h.requester_email_folded = requester)
            AND (since IS NULL OR h.updated_at >= since)
            AND (tag IS NULL OR EXISTS (SELECT FROM ticket_tag g WHERE g.workspace_id = asked
                                            AND g.ticket_id = h.ticket_id AND g.tag_id = tag))
    ), page AS (
        SELECT p.ticket_id, p.segment, p.moment FROM placed p
        WHERE p.segment > after_segment OR (p.segment = after_segment AND CASE WHEN newest_first
            THEN (p.moment, p.ticket_id) < (after_moment, after_id)
            ELSE (p.moment, p.ticket_id) > (after_moment, after_id) END)
        ORDER BY p.segment, CASE WHEN newest_first THEN p.moment END DESC,
            CASE WHEN newest_first THEN p.ticket_id END DESC, p.moment, p.ticket_id
        LIMIT most
    )
    SELECT page.ticket_id, page.segment, page.moment FROM page
    UNION ALL SELECT NULL, NULL, NULL FROM too_many;
END $$;
