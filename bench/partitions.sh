#!/bin/bash
# Measures the table of comments on Postgres, as it is and in 16 partitions by site: 1,000 sites, of which the first has a
# tenth of the comments. Requests go through the program, so they run its own queries.
# Usage: bench/partitions.sh [BINARY [COMMENTS [URL]]]. The database at URL must be empty. Without a URL, it starts a server of
# Debian's Postgres with autovacuum off, and deletes it at the end. COMMENTS is at least 200,000. It needs curl and psql.
set -euo pipefail
bin=$(realpath "${1:-bin/aitys}")
comments=${2:-1000000}
url=${3:-}
sites=1000
dir=$(mktemp -d /tmp/partitions-XXXX)
server=
cluster=

# as_postgres runs a program of Postgres, which refuses to run as root.
as_postgres() {
	test "$(id -u)" != 0 || set -- setpriv --reuid=postgres --regid=postgres --init-groups "$@"
	"$@"
}

clean() {
	test -z "$server" || kill "$server"
	test -z "$cluster" || as_postgres pg_ctl --pgdata="$dir/db" --mode=immediate --silent stop
	rm -rf "$dir"
}
trap clean EXIT
cd "$dir"

if test -z "$url"; then
	PATH=$(echo /usr/lib/postgresql/*/bin | tr ' ' ':'):$PATH
	test "$(id -u)" != 0 || chown postgres "$dir"
	as_postgres initdb --pgdata="$dir/db" --auth=trust --username=postgres --encoding=UTF8 --locale=C >initdb.log
	as_postgres pg_ctl --pgdata="$dir/db" --log="$dir/db/log" --silent --wait start \
		--options="-k $dir -c listen_addresses= -c autovacuum=off -c shared_buffers=1GB -c max_wal_size=4GB"
	cluster=started
	url="postgres://postgres@/postgres?host=$dir"
fi
export AITYS_DATABASE=$url

sql() {
	PGOPTIONS='--client-min-messages=warning' \
		psql --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 --dbname="$url" "$@"
}

test "$(sql --command "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")" = 0 || {
	echo 'the database has tables: give an empty one' >&2
	exit 1
}

# seconds COMMAND… prints how long a command takes.
seconds() {
	local began
	began=$(date +%s%N)
	"$@" >seconds.log 2>&1 || { cat seconds.log >&2; exit 1; }
	echo "$(($(date +%s%N) - began))" | awk '{ printf "%.1f\n", $1 / 1e9 }'
}

# start starts a server, and sets its address and that of its metrics.
start() {
	"$bin" serve --listen 127.0.0.1:0 --metrics-listen 127.0.0.1:0 --limits off >server.log 2>&1 &
	server=$!
	until grep --quiet '^listening on' server.log; do
		kill -0 "$server" || { cat server.log >&2; exit 1; }
		sleep 0.1
	done
	host=$(sed -n 's/^listening on //p' server.log)/api/v1/sites
	metrics=$(sed -n 's/^metrics on //p' server.log)
}

stop() {
	kill "$server"
	wait "$server" || true
	server=
}

# median TEXT URL [FLAG…] requests each URL of a range once, on one connection, and prints the median in milliseconds. The last
# answer must contain TEXT.
median() {
	local text=$1
	shift
	curl --silent --show-error --fail-early --fail-with-body --output answer --write-out '%{time_total}\n' "$@" >times &&
		grep --quiet "$text" answer || { cat answer >&2; exit 1; }
	sort -n times | awk '{ t[NR] = $1 } END { printf "%.1f\n", t[int((NR + 1) / 2)] * 1000 }'
}

text='I read this twice and still disagree with the second part: the figures are from one town, and the writer says so in a
footnote only. Has anybody tried it on a larger sample? We did in 2019, with forty people, and saw no effect at all after
the first month. Still, thank you for it.'
body="{\"page\": {\"url\": \"https://site.example/1\"}, \"author\": {\"name\": \"Ann\"}, \"body\": \"${text//$'\n'/ }\"}"

# measure SITE prints the figures of the comments, a line each. It posts to 200 sites from number SITE on. VACUUM and REINDEX
# take the largest partition, or the one table.
measure() {
	start
	median footnote "$host/site-[2-201]/comments?page=https://site.example/2" >warm # loads the sites
	median footnote "$host/site-[2-201]/comments?page=https://site.example/1"
	median footnote "$host/site-1/comments?page=https://site.example/[1-$((comments / 5000))]"
	median footnote "$host/site-[2-201]/moderation/queue" --header "Authorization: Bearer $token"
	median footnote "$host/site-1/moderation/queue#[1-200]" --header "Authorization: Bearer $token"
	median site-1000 "$metrics#[1-20]"
	median footnote "$host/site-[$1-$(($1 + 199))]/comments" --data "$body" --header 'Content-Type: application/json'
	stop
	tables="FROM pg_class WHERE relkind = 'r' AND (oid = 'comments'::regclass OR relispartition)"
	sql --command "SELECT round(sum(pg_table_size(oid)) / 1e6), round(sum(pg_indexes_size(oid)) / 1e6) $tables" | tr '|' '\n'
	table=$(sql --command "SELECT oid::regclass $tables ORDER BY pg_table_size(oid) DESC LIMIT 1")
	key=$(sql --command "SELECT indexrelid::regclass FROM pg_index WHERE indrelid = '$table'::regclass AND indisprimary")
	sql --command 'UPDATE comments SET votes = votes + 1 WHERE created_at / 1000000 % 7 = 0'
	seconds sql --command "VACUUM $table"
	seconds sql --command "REINDEX INDEX $key"
}

# The first comment goes through the program. All others are copies with a place, a state and a writer of their own.
"$bin" migrate up >migrate.log
"$bin" site add --key site-1 --name Site --origin https://site.example >site.log
"$bin" account add --email m@site.example --name Moderator --role owner >account.log
token=$("$bin" token add --account m@site.example --scope admin)
start
median footnote "$host/site-1/comments" --data "$body" --header 'Content-Type: application/json' >posted.log
stop
echo "filling with $comments comments" >&2
sql --variable=sites="$sites" --variable=comments="$comments" <<'SQL'
INSERT INTO sites (key, name, origins, settings, created_at)
SELECT 'site-' || n, name, origins, settings, created_at FROM sites, generate_series(2, :sites) AS n
ORDER  BY n;
INSERT INTO heads (site_id, seq) SELECT id, 0 FROM sites WHERE id > 1;

-- Comment n is number k of its site. step is the distance to the site's comment before.
CREATE TEMP TABLE places AS
SELECT n, site, k / 100 + 1 AS page, k % 4 = 3 AS reply, n - step AS parent,
       upper(lpad(to_hex(n), 16, '0')) AS segment, upper(lpad(to_hex(n - step), 16, '0')) AS above,
       CASE n % 20 WHEN 0 THEN 0 WHEN 1 THEN 3 ELSE 1 END AS placed -- pending, spam or approved
FROM   (SELECT n, 1 AS site, n AS k, 1 AS step FROM generate_series(0, :comments / 10 - 1) AS n
        UNION ALL
        SELECT n, 2 + n % (:sites - 1), (n - :comments / 10) / (:sites - 1), :sites - 1
        FROM generate_series(:comments / 10, :comments - 1) AS n) AS numbered;

CREATE TEMP TABLE first_comment AS SELECT * FROM comments;
CREATE TEMP TABLE first_page AS SELECT * FROM pages;
TRUNCATE comments, pages CASCADE;
INSERT INTO pages
SELECT p.*
FROM   (SELECT DISTINCT site, page FROM places) AS place, first_page,
       jsonb_populate_record(first_page, jsonb_build_object('site_id', site, 'id', 'page-' || page,
           'url', 'https://site.example/' || page)) AS p;
INSERT INTO comments
SELECT c.*
FROM   places, first_comment, jsonb_populate_record(first_comment, jsonb_build_object(
           'site_id', site, 'page_id', 'page-' || page, 'id', 'comment-' || lpad(n::text, 28, '0'),
           'parent_id', CASE WHEN reply THEN 'comment-' || lpad(parent::text, 28, '0') END, 'depth', reply::int,
           'root', CASE WHEN reply THEN above ELSE segment END,
           'path', CASE WHEN reply THEN above || segment ELSE segment END,
           'state', placed, 'shown', placed = 1, 'standing', (placed > 0)::int, 'score', n % 1000 * 7919 % 1000 / 1000.0,
           'name', 'Writer ' || n % 5000, 'writer', '\x' || md5((n % 5000)::text), 'same', '\x' || md5(n::text),
           'created_at', created_at - (:comments - n) * 1000000::bigint,
           'decided_at', CASE WHEN placed > 0 THEN created_at ELSE 0 END)) AS c
ORDER  BY n;
VACUUM ANALYZE;
SQL
measure 201 >plain

echo 'partitioning' >&2
cat >partition.sql <<'SQL'
BEGIN;
CREATE TEMP TABLE keys AS
SELECT conrelid::regclass::text AS holder, conname, pg_get_constraintdef(oid) AS definition
FROM   pg_constraint WHERE contype = 'f' AND 'comments'::regclass IN (conrelid, confrelid);
SELECT format('ALTER TABLE %s DROP CONSTRAINT %s', holder, conname) FROM keys \gexec
ALTER TABLE comments RENAME TO plain;
CREATE TABLE comments (LIKE plain INCLUDING ALL) PARTITION BY HASH (site_id);
SELECT format('CREATE TABLE comments_%s PARTITION OF comments FOR VALUES WITH (MODULUS 16, REMAINDER %s)', n, n)
FROM   generate_series(0, 15) AS n \gexec
INSERT INTO comments SELECT * FROM plain;
DROP TABLE plain;
SELECT format('ALTER TABLE %s ADD CONSTRAINT %s %s', holder, conname, definition) FROM keys \gexec
COMMIT;
VACUUM ANALYZE;
SQL
took=$(seconds sql --file partition.sql)
measure 401 >partitioned

small=$((comments * 9 / 10 / (sites - 1)))
cat >names <<END
page of a post, a site of $small comments: ms
page of a post, the largest site: ms
queue, a site of $small comments: ms
queue, the largest site: ms
pending counts of all sites (metrics): ms
post: ms
comments without indexes: MB
indexes: MB
VACUUM after a vote for each seventh comment, the table or its largest partition: s
REINDEX of the primary key, the table or its largest partition: s
END
echo "| $comments comments, $sites sites | one table | 16 partitions |"
echo '| --- | --- | --- |'
paste -d '|' names plain partitioned | sed 's/|/ | /g; s/^/| /; s/$/ |/'
echo "| copy into partitions: s | | $took |"

echo
echo 'Unique keys without the ID of the site:'
sql --command "SELECT '- ' || indrelid::regclass || ': ' || indexrelid::regclass FROM pg_index
	WHERE indisunique AND indrelid IN (SELECT attrelid FROM pg_attribute WHERE attname = 'site_id')
	AND NOT (SELECT attnum FROM pg_attribute WHERE attrelid = indrelid AND attname = 'site_id') = ANY (indkey) ORDER BY 1"
echo 'Foreign keys of or to comments:'
sql --command "SELECT '- ' || conrelid::regclass || ': ' || pg_get_constraintdef(oid) FROM pg_constraint
	WHERE contype = 'f' AND conparentid = 0 AND 'comments'::regclass IN (conrelid, confrelid) ORDER BY 1"
