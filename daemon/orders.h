/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What the daemon does when it is told to: each order that people may give,
 * carried out on its parts and logged once, with who gave it.
 */
#include <stdint.h>

#include "control.h"
#include "parts.h"

/* Its userdata is a struct parts. */
extern const struct control_handler orders_handler;

/* Once a tick: pauses end when their time is up, and the seat on the bus is kept. */
void orders_turn(struct parts *parts, uint64_t when_ms);
