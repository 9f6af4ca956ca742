-- SPDX-License-Identifier: GPL-2.0-or-later
-- A bulk load as it is done at night: rows in transactions, indexes, a report, a purge, a vacuum.
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA cache_size = -65536; -- 64 MiB, taken and given back
CREATE TABLE sale (id INTEGER PRIMARY KEY, shop INTEGER, day INTEGER, cents INTEGER, note TEXT);

BEGIN;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)
INSERT INTO sale (shop, day, cents, note)
SELECT abs(random()) % 500, i % 365, abs(random()) % 100000, hex(randomblob(40)) FROM n;
COMMIT;
BEGIN;
INSERT INTO sale (shop, day, cents, note)
SELECT shop + 500, day, cents + 1, hex(randomblob(40)) FROM sale;
COMMIT;

CREATE INDEX sale_shop_day ON sale (shop, day);
CREATE INDEX sale_note ON sale (note);
SELECT count(*), sum(total) FROM (SELECT shop, day, sum(cents) AS total FROM sale GROUP BY shop, day);
DELETE FROM sale WHERE day < 180;
VACUUM;
PRAGMA wal_checkpoint(TRUNCATE);
