/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Walks every step but the last call: the attempt ends as "mocked", nothing is touched. */
#include "heal/actuator.h"

struct actuator mock_actuator(void);
