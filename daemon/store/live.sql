-- SPDX-License-Identifier: GPL-2.0-or-later
-- The present: what live.db holds. Times, flags and invocations as in schema.sql.

CREATE TABLE ring (                        -- the last 600 ticks
	slot  INTEGER PRIMARY KEY,         -- tick modulo 600
	at_ms INTEGER NOT NULL,            -- wall clock, ms since 1970
	body  BLOB NOT NULL                -- for each unit: id (4 bytes), a 16-bit small float a metric
) STRICT;

CREATE TABLE unit_now (                    -- one row a unit there is
	unit              INTEGER PRIMARY KEY, -- unit.id of the past
	name              TEXT NOT NULL,   -- as it came: hostile, like all text here
	aliases           TEXT NOT NULL,   -- its other names, one space between them
	cgroup            TEXT NOT NULL,   -- path below the cgroup root
	kind              TEXT NOT NULL,   -- service, scope, ...
	active            TEXT NOT NULL,   -- what the manager says
	flags             INTEGER NOT NULL, -- enum unit_flag
	mode              TEXT,            -- its own, or its class's; NULL: the host's
	n_restarts        INTEGER NOT NULL, -- by Restart=
	main_pid          INTEGER NOT NULL, -- 0: none, or not known
	cgroup_id         INTEGER NOT NULL, -- 0: none
	identity          INTEGER NOT NULL, -- hash of its unit files and binary, as 64 signed bits
	changed_ms        INTEGER,         -- last change of `active`
	invocation        BLOB,            -- of the manager's present run
	sample_flags      INTEGER NOT NULL,
	when_ms           INTEGER NOT NULL, -- of the sample
	wall_ms           INTEGER NOT NULL,
	span_ms           INTEGER NOT NULL, -- what rates and counts cover
	sample_invocation BLOB,
	have              INTEGER NOT NULL, -- a bit for each metric that was read
	value             BLOB NOT NULL,   -- a double of this machine for each metric
	value_age         BLOB NOT NULL,   -- a byte for each: its age in seconds, at most 255
	verdict_flags     INTEGER NOT NULL,
	health            TEXT NOT NULL,
	since_ms          INTEGER NOT NULL, -- when this health began
	learn_left_s      INTEGER NOT NULL,
	score             REAL,            -- the forest's, 0 to 1
	threshold         REAL,            -- from which it counts as unusual
	generation        INTEGER NOT NULL, -- of the model that spoke
	lead              TEXT,            -- metric furthest from normal
	lead_share        REAL,            -- of the score, 0 to 1
	lead_value        REAL,
	lead_expected     REAL,            -- the unit's own median
	lead_deviation    REAL,            -- in spreads
	lead_limit        REAL,            -- that the rule says it meets; 0: it speaks of none,
	left_soonest_s    REAL,            -- so soon,
	left_latest_s     REAL,            -- or so late
	rule              TEXT NOT NULL,   -- that has held longest; '': none
	class             TEXT NOT NULL,
	wants             TEXT NOT NULL,   -- action
	on_fact           INTEGER NOT NULL, -- 1: the rule speaks of facts, not statistics
	held_s            INTEGER NOT NULL,
	for_s             INTEGER NOT NULL,
	why               TEXT NOT NULL,   -- the policy's standing answer
	age_s             INTEGER NOT NULL, -- healthy time its model was taught
	cpu_wait_s        INTEGER NOT NULL, -- so long a core more than its work explains must last to be told; 0: not known
	incident          INTEGER NOT NULL -- the open one; 0: none
) STRICT;

CREATE TABLE keeper (                      -- one row: the daemon's own health
	id                     INTEGER PRIMARY KEY CHECK (id = 1),
	pid                    INTEGER NOT NULL,
	started_wall_ms        INTEGER NOT NULL,
	at_wall_ms             INTEGER NOT NULL, -- of the last tick
	n_ticks                INTEGER NOT NULL,
	n_units                INTEGER NOT NULL,
	n_unwatched            INTEGER NOT NULL, -- there, beyond the bounds
	tier                   INTEGER NOT NULL, -- of telemetry, 0 to 3
	limit_text             TEXT NOT NULL,    -- why not a higher tier
	walk_every_ms          INTEGER NOT NULL, -- tasks are walked so often
	source                 TEXT NOT NULL,    -- where the list of units comes from
	mode                   TEXT NOT NULL,    -- observe, mock, enforce
	simulates              INTEGER NOT NULL,
	speed                  INTEGER NOT NULL, -- 1: real time
	n_lost                 INTEGER NOT NULL, -- events and samples
	cpu_us                 INTEGER NOT NULL, -- CPU time the daemon has used
	tick_us                INTEGER NOT NULL, -- how long the last tick took
	store                  TEXT NOT NULL,    -- can the past be written?
	distrust_until_wall_ms INTEGER           -- budgets count as spent until then
) STRICT;

CREATE TABLE signal (                      -- from where the metrics of the last tick came
	metric  TEXT NOT NULL,
	source  TEXT NOT NULL,             -- systemd, tracepoints, iterators, cgroup-files, proc
	n_units INTEGER NOT NULL,          -- that had it from there; no simulated ones
	is_host INTEGER NOT NULL,          -- 1: the host had it from there
	PRIMARY KEY (metric, source)
) STRICT, WITHOUT ROWID;
