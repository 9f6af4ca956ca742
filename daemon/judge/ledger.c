/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Past attempts, counted. */
#include <string.h>

#include "base/clock.h"
#include "judge/ledger.h"

uint32_t ledger_signature(const char *rule)
{
	uint32_t hash = UINT32_C(2166136261); /* FNV-1a */

	for (; *rule; rule++)
		hash = (hash ^ (uint8_t)*rule) * UINT32_C(16777619);
	return hash;
}

static void take_out(struct ledger *ledger, size_t i)
{
	memmove(ledger->entry + i, ledger->entry + i + 1,
		(ledger->n - i - 1) * sizeof(ledger->entry[0]));
	ledger->n--;
}

void ledger_add(struct ledger *ledger, const struct ledger_entry *entry)
{
	if (ledger->n == LEDGER_MAX)
		take_out(ledger, 0);
	ledger->entry[ledger->n++] = *entry;
}

static struct ledger_entry *find(struct ledger *ledger, uint64_t decision)
{
	for (size_t i = ledger->n; i > 0; i--)
		if (ledger->entry[i - 1].decision == decision)
			return &ledger->entry[i - 1];
	return NULL;
}

void ledger_take_back(struct ledger *ledger, uint64_t decision)
{
	struct ledger_entry *entry = find(ledger, decision);

	if (entry)
		take_out(ledger, (size_t)(entry - ledger->entry));
}

void ledger_conclude(struct ledger *ledger, uint64_t decision, enum outcome_result result)
{
	struct ledger_entry *entry = find(ledger, decision);

	if (entry)
		entry->result = result;
}

void ledger_was_down(struct ledger *ledger, uint64_t decision, uint64_t down_ms)
{
	struct ledger_entry *entry = find(ledger, decision);

	if (entry)
		entry->down_ms = down_ms;
}

/* By the clock that says less; one that seems to lie in the future is brand new. */
static uint64_t age_ms(const struct ledger_entry *entry, const struct ledger_account *now)
{
	uint64_t wall_ms = now->wall_ms > entry->wall_ms ? now->wall_ms - entry->wall_ms : 0;
	uint64_t boot_ms = now->when_ms > entry->when_ms ? now->when_ms - entry->when_ms : 0;

	return entry->when_ms == 0 || wall_ms < boot_ms ? wall_ms : boot_ms;
}

static bool counts(const struct ledger_account *account, const struct ledger_entry *entry)
{
	return entry->synthetic == account->synthetic &&
	       (account->unit == 0 || entry->unit == account->unit) &&
	       (!account->of_statistics || entry->by_statistics);
}

uint32_t ledger_count(const struct ledger *ledger, const struct ledger_account *account,
		      uint64_t window_ms)
{
	uint32_t n = 0;

	for (size_t i = 0; i < ledger->n; i++)
		n += counts(account, &ledger->entry[i]) &&
		     age_ms(&ledger->entry[i], account) < window_ms;
	return n;
}

uint64_t ledger_down_ms(const struct ledger *ledger, const struct ledger_account *account)
{
	uint64_t down_ms = 0;

	for (size_t i = 0; i < ledger->n; i++)
		if (counts(account, &ledger->entry[i]) &&
		    age_ms(&ledger->entry[i], account) < DAYS(1))
			down_ms += ledger->entry[i].down_ms;
	return down_ms;
}

uint64_t ledger_age_ms(const struct ledger *ledger, const struct ledger_account *account)
{
	for (size_t i = ledger->n; i > 0; i--)
		if (ledger->entry[i - 1].unit == account->unit)
			return age_ms(&ledger->entry[i - 1], account);
	return UINT64_MAX;
}

static bool helped(enum outcome_result result)
{
	return result == OUTCOME_HEALED || result == OUTCOME_RESTARTED;
}

/* A mock heal proves nothing, and neither does one whose end nobody saw. */
static bool did_not_help(enum outcome_result result)
{
	return result != OUTCOME_NONE && result != OUTCOME_MOCKED && result != OUTCOME_UNKNOWN &&
	       !helped(result);
}

uint32_t ledger_failures(const struct ledger *ledger, uint32_t unit)
{
	uint32_t n = 0;

	for (size_t i = ledger->n; i > 0; i--) {
		const struct ledger_entry *entry = &ledger->entry[i - 1];

		if (entry->unit != unit)
			continue;
		if (helped(entry->result))
			break;
		n += did_not_help(entry->result);
	}
	return n;
}

uint32_t ledger_failures_of(const struct ledger *ledger, uint32_t unit, uint32_t signature,
			    enum action action)
{
	uint32_t n = 0;

	for (size_t i = ledger->n; i > 0; i--) {
		const struct ledger_entry *entry = &ledger->entry[i - 1];

		if (entry->unit != unit || entry->signature != signature || entry->action != action)
			continue;
		if (helped(entry->result))
			break;
		n += did_not_help(entry->result);
	}
	return n;
}
