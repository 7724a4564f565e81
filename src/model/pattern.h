/* How large a POSIX extended regular expression is. */
#ifndef MODEL_PATTERN_H
#define MODEL_PATTERN_H

#include "base/base.h"

/* False for one that regcomp should not be given: glibc writes every repetition out (x+ as xx*,
 * x{3} as xxx), so that a line of them takes gigabytes. Says nothing about whether it is one. */
bool pattern_is_modest(const char *pattern) must_check;

#endif
