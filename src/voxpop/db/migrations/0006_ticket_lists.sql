-- expand: lists of tickets at any size: their indexes, text search, saved views, and requests that may be repeated.

-- A ticket's tag carries what lists filter and sort by, kept equal to the ticket's own under the ticket's lock: else a
-- tag whose tickets all lie at the far end of the order would have the list read everything before them.
ALTER TABLE ticket_tag
    ADD COLUMN status text COLLATE "C" NOT NULL,
    ADD COLUMN assignee_id uuid,
    ADD COLUMN priority_rank smallint NOT NULL,
    ADD COLUMN csat_rating smallint,
    ADD COLUMN csat_rated_at timestamptz,
    ADD COLUMN create_time timestamptz NOT NULL,
    ADD COLUMN updated_at timestamptz NOT NULL;
DROP INDEX ticket_tag_by_tag;

-- And a ticket has the names of its tags, sorted, for whoever only shows them.
ALTER TABLE ticket ADD COLUMN tag_names text[] NOT NULL DEFAULT '{}';

-- Each begins with what is equal and goes on with the order; what stands behind the id is compared within the index,
-- so that a rare pair costs no visits to the table. Ratings are few beside tickets, so their indexes are partial.
CREATE INDEX ticket_by_update ON ticket (workspace_id, updated_at, id, status, assignee_id, priority_rank, csat_rating);
CREATE INDEX ticket_by_time ON ticket (workspace_id, create_time, id, status, assignee_id, priority_rank, csat_rating);
CREATE INDEX ticket_status_by_update ON ticket
    (workspace_id, status, updated_at, id, assignee_id, priority_rank, csat_rating);
CREATE INDEX ticket_status_by_time ON ticket
    (workspace_id, status, create_time, id, assignee_id, priority_rank, csat_rating);
CREATE INDEX ticket_assignee_by_update ON ticket
    (workspace_id, assignee_id, updated_at, id, status, priority_rank, csat_rating);
CREATE INDEX ticket_assignee_by_time ON ticket
    (workspace_id, assignee_id, create_time, id, status, priority_rank, csat_rating);
CREATE INDEX ticket_priority_by_update ON ticket
    (workspace_id, priority_rank, updated_at, id, status, assignee_id, csat_rating);
CREATE INDEX ticket_rating_by_update ON ticket
    (workspace_id, csat_rating, updated_at, id, status, assignee_id, priority_rank) WHERE csat_rating IS NOT NULL;
CREATE INDEX ticket_rating_by_rating ON ticket
    (workspace_id, csat_rating, csat_rated_at, id, status, assignee_id, priority_rank) WHERE csat_rating IS NOT NULL;
CREATE INDEX ticket_status_by_rating ON ticket
    (workspace_id, status, csat_rating, csat_rated_at, id) WHERE csat_rating IS NOT NULL;
CREATE INDEX ticket_assignee_by_rating ON ticket
    (workspace_id, assignee_id, csat_rating, csat_rated_at, id, status) WHERE csat_rating IS NOT NULL;
CREATE INDEX ticket_of_requester ON ticket (workspace_id, requester_email_folded, updated_at, id);

CREATE INDEX ticket_tag_by_update ON ticket_tag
    (workspace_id, tag_id, updated_at, ticket_id, status, assignee_id, priority_rank, csat_rating);
CREATE INDEX ticket_tag_by_time ON ticket_tag
    (workspace_id, tag_id, create_time, ticket_id, status, assignee_id, priority_rank, csat_rating);
CREATE INDEX ticket_tag_status_by_update ON ticket_tag
    (workspace_id, tag_id, status, updated_at, ticket_id, assignee_id, priority_rank, csat_rating);
CREATE INDEX ticket_tag_priority_by_update ON ticket_tag
    (workspace_id, tag_id, priority_rank, updated_at, ticket_id, status, assignee_id, csat_rating);
CREATE INDEX ticket_tag_by_rating ON ticket_tag
    (workspace_id, tag_id, csat_rating, csat_rated_at, ticket_id, status, assignee_id) WHERE csat_rating IS NOT NULL;

-- The words of a ticket and its messages, split and folded by the application: the server's locale may know ASCII only.
-- Each begins with a mark of its workspace, so that what many neighbours write makes nobody's search longer. Beside them
-- stands what a search filters and sorts by; when that changes, there is room to leave the index of words alone.
CREATE TABLE ticket_search (
    workspace_id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    requester_email_folded text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    assignee_id uuid,
    priority_rank smallint NOT NULL,
    csat_rating smallint,
    csat_rated_at timestamptz,
    create_time timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    words tsvector NOT NULL,
    CONSTRAINT ticket_search_pkey PRIMARY KEY (workspace_id, ticket_id),
    CONSTRAINT ticket_search_ticket_exists FOREIGN KEY (workspace_id, ticket_id) REFERENCES ticket
) WITH (fillfactor = 80);
CREATE INDEX ticket_search_by_word ON ticket_search USING gin (words) WITH (gin_pending_list_limit = 256);

-- A list under a name: an agent's own, or shared with the workspace (no account_id). query is what the page's address has.
CREATE TABLE saved_view (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    account_id uuid,
    name text NOT NULL,
    query text NOT NULL,
    create_time timestamptz NOT NULL,
    create_user text NOT NULL,
    CONSTRAINT saved_view_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT saved_view_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspace,
    CONSTRAINT saved_view_name_fits CHECK (length(name) BETWEEN 1 AND 200),
    CONSTRAINT saved_view_query_fits CHECK (length(query) <= 2000)
);
CREATE UNIQUE INDEX saved_view_name_unique ON saved_view (workspace_id, account_id, name) NULLS NOT DISTINCT;

-- What a request with an Idempotency-Key was answered, written in the transaction of its effect.
CREATE TABLE idempotency_key (
    workspace_id uuid NOT NULL,
    key text COLLATE "C" NOT NULL,
    request_hash bytea NOT NULL,
    answer text,
    create_time timestamptz NOT NULL,
    CONSTRAINT idempotency_key_pkey PRIMARY KEY (workspace_id, key),
    CONSTRAINT idempotency_key_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspace,
    CONSTRAINT idempotency_key_fits CHECK (length(key) BETWEEN 1 AND 255)
);
CREATE INDEX idempotency_key_by_time ON idempotency_key (workspace_id, create_time);

DO $$
DECLARE
    owned text;
BEGIN
    FOREACH owned IN ARRAY ARRAY['ticket_search', 'saved_view', 'idempotency_key'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
        EXECUTE format('CREATE POLICY %I ON %I USING (workspace_id = '
            '(SELECT nullif(current_setting(''voxpop.workspace'', true), '''')::uuid))', owned || '_of_workspace', owned);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO voxpop_app', owned);
    END LOOP;
END $$;

-- How many tickets have the words, by the statistics?
CREATE FUNCTION guess_tickets(wanted tsquery) RETURNS float LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    guess json;
BEGIN
    EXECUTE format('EXPLAIN (FORMAT JSON) SELECT FROM ticket_search WHERE words @@ %L::tsquery', wanted) INTO guess;
    RETURN guess->0->'Plan'->>'Plan Rows';
END $$;

-- Text search is not leakproof, so a policy keeps it from its index: the one function past it. It sorts the tickets that
-- have all words (a tsquery, joined by ' & '), if they are no more than `most_found`, and gives a page of ids; if they are
-- more it gives one row of nulls, and the caller reads the list in its order, where they lie close. What the statistics
-- take for too many is not looked up to be counted. The index is asked for the rarest word if that is rare enough: of a
-- common one it would gather every ticket. Pages are mostly in the system's cache, where reading ahead only costs.
-- `after_segment` 0 is the first page.
CREATE FUNCTION search_tickets(
    asked uuid, sought text, most_found integer,
    statuses text[], assignee uuid, unassigned boolean, rank smallint, ratings smallint[], requester text,
    since timestamptz, tag uuid,
    sort text, descending boolean,
    after_segment integer, after_moment timestamptz, after_id uuid, most integer
) RETURNS TABLE (id uuid, segment integer, moment timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan SET enable_seqscan = off SET work_mem = '32MB' SET effective_io_concurrency = 0
AS $$
DECLARE
    newest_first boolean := descending OR sort IN ('priority', 'rating');
    wanted tsquery := sought;
    rarest tsquery;
BEGIN
    IF asked IS DISTINCT FROM nullif(current_setting('voxpop.workspace', true), '')::uuid THEN
        RAISE insufficient_privilege USING MESSAGE = 'another workspace';
    END IF;
    IF guess_tickets(wanted) > 0.7 * most_found THEN
        RETURN QUERY SELECT NULL::uuid, NULL::integer, NULL::timestamptz;
        RETURN;
    END IF;
    SELECT word INTO rarest FROM unnest(string_to_array(sought, ' & ')::tsquery[]) AS one (word)
    ORDER BY guess_tickets(word) LIMIT 1;
    IF guess_tickets(rarest) > least(most_found, 8000) THEN
        rarest := wanted;
    END IF;
    RETURN QUERY
    WITH hit AS MATERIALIZED (
        SELECT s.ticket_id, s.requester_email_folded, s.status, s.assignee_id, s.priority_rank, s.csat_rating,
               s.csat_rated_at, s.create_time, s.updated_at
        FROM ticket_search s
        WHERE s.workspace_id = asked AND s.words @@ rarest AND (s.words @@ wanted) IS TRUE LIMIT most_found + 1
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

REVOKE ALL ON FUNCTION guess_tickets(tsquery) FROM PUBLIC;
REVOKE ALL ON FUNCTION search_tickets(uuid, text, integer, text[], uuid, boolean, smallint, smallint[], text,
    timestamptz, uuid, text, boolean, integer, timestamptz, uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_tickets(uuid, text, integer, text[], uuid, boolean, smallint, smallint[], text,
    timestamptz, uuid, text, boolean, integer, timestamptz, uuid, integer) TO voxpop_app;
