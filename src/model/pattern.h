/* How large a POSIX extended regular expression is. */
#ifndef MODEL_PATTERN_H
#define MODEL_PATTERN_H

#include "base/base.h"

/* False for one that regcomp should not be given: glibc writes every repetition out (x+ as xx*,
 * x{3} as xxx), so that a few of them within each other take gigabytes, and one that is itself
 * repeated (x*+) takes for ever. Says nothing about whether it is an expression at all. */
bool pattern_is_modest(const char *pattern) must_check;

#endif
