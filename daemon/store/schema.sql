-- SPDX-License-Identifier: GPL-2.0-or-later
-- The past: what selfheal.db holds. schema.c gives it application_id and user_version.
--
-- A *_wall_ms is ms since 1970. Any other *_ms is ms since the boot of its time: good for
-- spans, meaningless after a reboot. A value that was not read is NULL, never 0.
-- flags: 1 synthetic (simulated), 2 disturbed (being healed, or just started), 4 events were lost,
-- 8 asked for by hand.
-- invocation: 16 bytes; hex(invocation) is how systemd prints it.

CREATE TABLE unit (                          -- each unit ever seen
	id           INTEGER PRIMARY KEY,    -- the unit in every other table; never given to another
	name         TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 255), -- as it came: hostile
	seen_wall_ms INTEGER NOT NULL        -- when it was last sampled, to the hour
) STRICT;

CREATE TABLE metric (                        -- what the stream numbers in a body mean
	id       INTEGER PRIMARY KEY CHECK (id BETWEEN 0 AND 254), -- metric number of a stream
	name     TEXT NOT NULL UNIQUE,       -- as in rules and JSON
	quantity TEXT NOT NULL               -- "bytes", "ratio", "per_second", ...
) STRICT;

CREATE TABLE tail (                          -- the last two hours of all units, a row a minute
	minute INTEGER PRIMARY KEY,          -- wall clock, minutes since 1970
	body   BLOB NOT NULL                 -- for each unit: id, bytes, chunk of 6 points of 10 s
) STRICT;

CREATE TABLE chunk (                         -- history, clustered by unit: a chart is one range
	unit   INTEGER NOT NULL,             -- unit.id
	span_s INTEGER NOT NULL CHECK (span_s IN (1, 10, 60, 600)), -- seconds a point stands for
	from_s INTEGER NOT NULL,             -- wall clock of the first point, seconds since 1970
	body   BLOB NOT NULL,                -- chunk.h: streams of up to 360 points; counts are per second
	PRIMARY KEY (unit, span_s, from_s)
) STRICT, WITHOUT ROWID;

CREATE TABLE incident (                      -- the thread through all of one trouble
	id             INTEGER PRIMARY KEY,
	unit           INTEGER NOT NULL REFERENCES unit (id),
	flags          INTEGER NOT NULL,
	opened_ms      INTEGER NOT NULL,
	opened_wall_ms INTEGER NOT NULL,
	closed_ms      INTEGER,              -- NULL while open
	closed_wall_ms INTEGER,              -- NULL while open
	worst          TEXT NOT NULL,        -- health at its worst: unusual, sick
	score          REAL,                 -- the worst so far, 0 to 1
	class          TEXT NOT NULL,        -- what kind of harm
	rule           TEXT NOT NULL,        -- '': only unusual
	lead           TEXT,                 -- metric.name of the value that led
	lead_value     REAL,                 -- at its worst
	lead_expected  REAL,                 -- the unit's own median
	n_attempts     INTEGER NOT NULL,
	outcome        TEXT NOT NULL,        -- of the last attempt
	why            TEXT NOT NULL,        -- the policy's last answer
	onset_ms       INTEGER,              -- when the evidence begins that opened it, or made it sick
	onset_wall_ms  INTEGER
) STRICT;
CREATE INDEX incident_of_unit ON incident (unit, id);
CREATE INDEX incident_open ON incident (id) WHERE closed_wall_ms IS NULL;

CREATE TABLE verdict (                       -- what an incident was opened, made sick or decided by
	id             INTEGER PRIMARY KEY,
	incident       INTEGER NOT NULL REFERENCES incident (id),
	unit           INTEGER NOT NULL,     -- its incident's
	flags          INTEGER NOT NULL,
	when_ms        INTEGER NOT NULL,     -- of the sample
	wall_ms        INTEGER NOT NULL,
	health         TEXT NOT NULL,
	since_ms       INTEGER NOT NULL,     -- when this health began
	learn_left_s   INTEGER NOT NULL,     -- until statistics may speak
	score          REAL,                 -- the forest's, 0 to 1
	threshold      REAL,                 -- from which it counts as unusual
	generation     INTEGER NOT NULL,     -- of the model that spoke
	lead           TEXT,                 -- metric.name of the value that led
	lead_share     REAL,                 -- of the score, 0 to 1
	lead_value     REAL,
	lead_expected  REAL,                 -- by its work, or the unit's own median
	lead_deviation REAL,                 -- in spreads
	lead_limit     REAL,                 -- that the rule says it meets; 0: it speaks of none,
	left_soonest_s REAL,                 -- so soon,
	left_latest_s  REAL,                 -- or so late
	rule           TEXT NOT NULL,        -- that had held longest; '': none
	class          TEXT NOT NULL,
	wants          TEXT NOT NULL,        -- action
	on_fact        INTEGER NOT NULL,     -- 1: the rule speaks of facts, not statistics
	held_s         INTEGER NOT NULL,     -- how long the rule had held
	for_s          INTEGER NOT NULL      -- of how long it must
) STRICT;
CREATE INDEX verdict_of_incident ON verdict (incident);

CREATE TABLE symptom (                       -- what spoke of trouble then
	verdict  INTEGER NOT NULL REFERENCES verdict (id),
	rank     INTEGER NOT NULL,           -- 0: the most telling
	expert   TEXT NOT NULL,              -- who says so: rule, work, growth, forest, ...
	metric   TEXT,                       -- metric.name; NULL: of the unit as a whole
	value    REAL,                       -- of the whole: the score, or the seconds of a hang
	low      REAL,                       -- the range to be expected
	high     REAL,
	expected REAL,                       -- by its work, or the unit's own median
	share    REAL,                       -- of the forest's score, 0 to 1
	rare_h   REAL,                       -- it is so once in so many hours of its health
	unseen   INTEGER NOT NULL,           -- 1: and was never so, in all of them
	left_s   REAL,                       -- time left to the limit
	PRIMARY KEY (verdict, rank)
) STRICT, WITHOUT ROWID;

CREATE TABLE decision (                      -- durable before its action leaves the process
	id            INTEGER PRIMARY KEY,
	incident      INTEGER NOT NULL REFERENCES incident (id),
	unit          INTEGER NOT NULL,      -- its incident's
	flags         INTEGER NOT NULL,
	when_ms       INTEGER NOT NULL,
	wall_ms       INTEGER NOT NULL,
	action        TEXT NOT NULL,         -- what was wanted
	why           TEXT NOT NULL,         -- 'allowed', or why not
	way           TEXT NOT NULL,         -- how it left: mock, systemd, simulator
	budget_left   INTEGER NOT NULL,      -- attempts left to the unit in its tightest window
	until_ms      INTEGER,               -- how long the answer held
	class         TEXT NOT NULL,
	rule          TEXT NOT NULL,
	lead          TEXT,                  -- metric.name of the value that triggered it
	lead_value    REAL,
	lead_expected REAL,                  -- what was normal
	score         REAL,                  -- the forest's, 0 to 1
	invocation    BLOB,                  -- of the run that was to be replaced
	rung          INTEGER NOT NULL DEFAULT 0, -- of the ladder
	because       INTEGER NOT NULL DEFAULT 0, -- the sick unit it depends on; 0: another reason
	blast         TEXT NOT NULL DEFAULT ''    -- units that are disturbed with it
) STRICT;
CREATE INDEX decision_of_incident ON decision (incident);
CREATE INDEX decision_allowed ON decision (wall_ms) WHERE why = 'allowed'; -- the policy's ledger

CREATE TABLE attempt (                       -- what was asked of systemd, and how its job ended
	decision        INTEGER PRIMARY KEY REFERENCES decision (id),
	unit            INTEGER NOT NULL,
	way             TEXT NOT NULL,
	state           INTEGER NOT NULL,    -- 0 asked, 1 running, 2 done
	result          TEXT NOT NULL,       -- done, mocked, failed, refused, timeout, lost
	started_ms      INTEGER NOT NULL,
	started_wall_ms INTEGER NOT NULL,
	deadline_ms     INTEGER NOT NULL,
	ended_ms        INTEGER,             -- NULL: not ended, or by another boot
	ended_wall_ms   INTEGER,             -- NULL: not ended
	job             TEXT NOT NULL        -- systemd's job, or what was said instead of one
) STRICT;
CREATE INDEX attempt_open ON attempt (decision) WHERE ended_wall_ms IS NULL;

CREATE TABLE outcome (                       -- was the patient better afterwards?
	decision     INTEGER PRIMARY KEY REFERENCES decision (id),
	unit         INTEGER NOT NULL,
	flags        INTEGER NOT NULL,
	when_ms      INTEGER NOT NULL,
	wall_ms      INTEGER NOT NULL,
	result       TEXT NOT NULL,          -- healed, unchanged, worse, gone, ...
	score_before REAL,
	score_after  REAL,
	lead         TEXT,                   -- metric.name of the value that triggered
	value_before REAL,
	value_after  REAL,
	normal_low   REAL,                   -- the range it had to be in
	normal_high  REAL,
	n_samples    INTEGER NOT NULL,       -- of the new run that were looked at
	invocation   BLOB,                   -- the new run; NULL: none was seen
	served_ms    INTEGER,                -- from when on it was well again; NULL: it was not
	served_wall_ms INTEGER,
	hurt         TEXT NOT NULL DEFAULT '' -- a unit that was disturbed with it, and is not well
) STRICT;

CREATE TABLE evidence (                      -- what was seen of a unit just before it was disturbed
	incident INTEGER NOT NULL REFERENCES incident (id),
	decision INTEGER NOT NULL,           -- decision.id that it came before
	wall_ms  INTEGER NOT NULL,           -- when gathering began
	took_ms  INTEGER NOT NULL,
	is_whole INTEGER NOT NULL,           -- 0: who gathered it was abandoned at the limit
	body     TEXT NOT NULL,              -- one JSON object; bounded: record/snapshot.h
	PRIMARY KEY (incident, decision)
) STRICT, WITHOUT ROWID;

CREATE TABLE lesson (                        -- what was learnt of a unit
	unit          INTEGER PRIMARY KEY REFERENCES unit (id),
	identity      INTEGER NOT NULL,      -- hash of its unit files and binary, as 64 signed bits
	was_well      INTEGER NOT NULL,      -- 1: seen active and healthy since
	saved_wall_ms INTEGER NOT NULL,
	body          BLOB NOT NULL          -- the learner's bytes; the store does not look inside
) STRICT;

CREATE TABLE edge (                          -- who needs whom, and who talks to whom
	client        INTEGER NOT NULL,      -- unit.id; 0: the world outside of units, or not known
	server        INTEGER NOT NULL,      -- the same
	kind          TEXT NOT NULL,         -- tcp, unix; by systemd: requires, wants, binds-to, ...
	port          INTEGER NOT NULL,      -- the server's; 0: none
	flags         INTEGER NOT NULL,
	n_connections INTEGER NOT NULL,      -- so far; 0 for systemd's
	first_wall_ms INTEGER NOT NULL,
	last_wall_ms  INTEGER NOT NULL,      -- to ten minutes, for what stands all the time
	PRIMARY KEY (client, server, kind, port)
) STRICT, WITHOUT ROWID;

CREATE TABLE pulse (                         -- one row, written right after each checkpoint
	id                 INTEGER PRIMARY KEY CHECK (id = 1),
	checkpoint_wall_ms INTEGER NOT NULL
) STRICT;
