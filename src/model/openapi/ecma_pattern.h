/* Our patterns are POSIX extended regular expressions; JSON Schema's are those of ECMA-262, with
 * its `u` flag. Most that people write are both. */
#ifndef MODEL_OPENAPI_ECMA_PATTERN_H
#define MODEL_OPENAPI_ECMA_PATTERN_H

#include "base/str.h"

/* Does a POSIX expression, which must be a valid one, say the same in ECMA-262? False in doubt. */
bool ecma_pattern_says_same(struct str posix);

#endif
