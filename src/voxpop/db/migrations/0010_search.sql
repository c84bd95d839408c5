-- contract: the words of a ticket are indexed in parts, so that conversations of any length are found. The words stored
-- by earlier versions are marked, and the job rebuild-search stores them again. Columns and arguments get the field's
-- words. Processes of an earlier version must be stopped first.

ALTER TABLE ticket_activity RENAME COLUMN what TO kind;
ALTER TABLE ticket_activity RENAME CONSTRAINT ticket_activity_known TO ticket_activity_kind_known;

-- A part of a ticket's texts: part 0 begins with the ticket itself. size is in characters, and tells when a part is full.
ALTER TABLE ticket_search
    ADD COLUMN part integer NOT NULL DEFAULT 0,
    ADD COLUMN size integer NOT NULL DEFAULT 50000,
    ADD COLUMN is_outdated boolean NOT NULL DEFAULT true;
ALTER TABLE ticket_search
    ALTER COLUMN part DROP DEFAULT,
    ALTER COLUMN size DROP DEFAULT,
    ALTER COLUMN is_outdated SET DEFAULT false,
    DROP CONSTRAINT ticket_search_pkey,
    ADD CONSTRAINT ticket_search_pkey PRIMARY KEY (workspace_id, ticket_id, part);
CREATE INDEX ticket_search_outdated ON ticket_search (workspace_id, ticket_id) WHERE is_outdated;

-- The part that has the words of a message.
ALTER TABLE ticket_message ADD COLUMN search_part integer NOT NULL DEFAULT 0;
ALTER TABLE ticket_message ALTER COLUMN search_part DROP DEFAULT;

-- Text search is not leakproof, so a policy keeps it from its index: the one function past it. It sorts the tickets that
-- match `query` (terms joined by ' & '), if they are no more than `max_hits`, and returns a page of ids. If they are
-- more, it returns one row of nulls, and the caller reads the list in its order. By the statistics it tells without a
-- look-up that there are too many. A last term that is a common prefix is not looked up where the others are rarer. In a
-- ticket of several parts, each term may be in another part: then a later part, which has the lexeme `part_mark`, has
-- one of them. `after_group` 0 is the first page.
DROP FUNCTION search_tickets(uuid, text, integer, text[], uuid, boolean, smallint, smallint[], text, timestamptz, uuid,
                             text, boolean, integer, timestamptz, uuid, integer);
CREATE FUNCTION search_tickets(
    searched_workspace uuid, query text, part_mark text, max_hits integer,
    statuses text[], assignee uuid, unassigned boolean, rank smallint, ratings smallint[], requester text,
    updated_since timestamptz, tag uuid,
    sort text, descending boolean,
    after_group integer, after_time timestamptz, after_id uuid, max_rows integer
) RETURNS TABLE (id uuid, sort_group integer, sort_time timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan SET enable_seqscan = off SET work_mem = '32MB'
AS $$
DECLARE
    newest_first boolean := descending OR sort IN ('priority', 'rating');
    all_terms tsquery := query;
    looked_up tsquery := query;
    terms tsquery[] := string_to_array(query, ' & ');
    in_later_parts tsquery := format('%L & (%s)', part_mark, array_to_string(terms, ' | '));
    others tsquery;
    -- The forms of a word and its prefix are mostly in the same tickets, so their estimates are not added.
    estimate float := greatest(guess_tickets(regexp_replace(query, '\| .*\)', ')')::tsquery),
                               guess_tickets(regexp_replace(query, '\(.* \|', '(')::tsquery));
BEGIN
    IF searched_workspace IS DISTINCT FROM nullif(current_setting('voxpop.workspace', true), '')::uuid THEN
        RAISE insufficient_privilege USING MESSAGE = 'another workspace';
    END IF;
    IF estimate > 0.7 * max_hits THEN
        RETURN QUERY SELECT NULL::uuid, NULL::integer, NULL::timestamptz;
        RETURN;
    END IF;
    -- Tickets with the other terms are compared one by one, which costs five times as much for each.
    IF query LIKE '%:*%' AND cardinality(terms) > 1 THEN
        others := array_to_string(trim_array(terms, 1), ' & ');
        IF 5 * guess_tickets(others) < guess_tickets(terms[cardinality(terms)]) THEN
            looked_up := others;
        END IF;
    END IF;
    RETURN QUERY
    WITH later_part AS MATERIALIZED (
        SELECT DISTINCT s.ticket_id FROM ticket_search s
        WHERE s.workspace_id = searched_workspace AND s.words @@ in_later_parts
    ), hit AS MATERIALIZED (
        SELECT s.ticket_id, s.requester_email_folded, s.status, s.assignee_id, s.priority_rank, s.csat_rating,
               s.csat_rated_at, s.create_time, s.updated_at
        FROM ticket_search s
        WHERE s.workspace_id = searched_workspace AND s.part = 0
            AND s.words @@ looked_up AND (looked_up = all_terms OR s.words @@ all_terms) IS TRUE
        UNION ALL
        SELECT s.ticket_id, s.requester_email_folded, s.status, s.assignee_id, s.priority_rank, s.csat_rating,
               s.csat_rated_at, s.create_time, s.updated_at
        FROM later_part l JOIN ticket_search s
            ON s.workspace_id = searched_workspace AND s.ticket_id = l.ticket_id AND s.part = 0
        WHERE (s.words @@ all_terms) IS FALSE AND NOT EXISTS (
            SELECT FROM unnest(terms) AS asked (term) WHERE NOT EXISTS (
                SELECT FROM ticket_search p
                WHERE p.workspace_id = searched_workspace AND p.ticket_id = l.ticket_id AND p.words @@ asked.term))
        LIMIT max_hits + 1
    ), too_many AS MATERIALIZED (
        SELECT FROM hit HAVING count(*) > max_hits
    ), placed AS (
        SELECT h.ticket_id,
            CASE sort WHEN 'priority' THEN CASE WHEN descending THEN 5 - h.priority_rank ELSE h.priority_rank END
                WHEN 'rating' THEN coalesce(CASE WHEN descending THEN 6 - h.csat_rating ELSE h.csat_rating END, 6)
                ELSE 1 END AS sort_group,
            CASE sort WHEN 'created' THEN h.create_time WHEN 'rating' THEN coalesce(h.csat_rated_at, h.updated_at)
                ELSE h.updated_at END AS sort_time
        FROM hit h
        WHERE NOT EXISTS (SELECT FROM too_many)
            AND (cardinality(statuses) = 0 OR h.status = ANY (statuses))
            AND (assignee IS NULL OR h.assignee_id = assignee) AND (NOT unassigned OR h.assignee_id IS NULL)
            AND (rank IS NULL OR h.priority_rank = rank)
            AND (cardinality(ratings) = 0 OR coalesce(h.csat_rating, 0) = ANY (ratings))
            AND (requester IS NULL OR h.requester_email_folded = requester)
            AND (updated_since IS NULL OR h.updated_at >= updated_since)
            AND (tag IS NULL OR EXISTS (SELECT FROM ticket_tag g WHERE g.workspace_id = searched_workspace
                                            AND g.ticket_id = h.ticket_id AND g.tag_id = tag))
    ), page AS (
        SELECT p.ticket_id, p.sort_group, p.sort_time FROM placed p
        WHERE p.sort_group > after_group OR (p.sort_group = after_group AND CASE WHEN newest_first
            THEN (p.sort_time, p.ticket_id) < (after_time, after_id)
            ELSE (p.sort_time, p.ticket_id) > (after_time, after_id) END)
        ORDER BY p.sort_group, CASE WHEN newest_first THEN p.sort_time END DESC,
            CASE WHEN newest_first THEN p.ticket_id END DESC, p.sort_time, p.ticket_id
        LIMIT max_rows
    )
    SELECT page.ticket_id, page.sort_group, page.sort_time FROM page
    UNION ALL SELECT NULL, NULL, NULL FROM too_many;
END $$;
REVOKE ALL ON FUNCTION search_tickets(uuid, text, text, integer, text[], uuid, boolean, smallint, smallint[], text,
    timestamptz, uuid, text, boolean, integer, timestamptz, uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_tickets(uuid, text, text, integer, text[], uuid, boolean, smallint, smallint[], text,
    timestamptz, uuid, text, boolean, integer, timestamptz, uuid, integer) TO voxpop_app;
