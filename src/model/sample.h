/* Sample records out of a model: a string field says with "words": [least, most] that it is to be
 * filled, from the service's words.txt. Record number n is the same at every call. */
#ifndef MODEL_SAMPLE_H
#define MODEL_SAMPLE_H

#include "base/ident.h"
#include "model/schema.h"

/* The words of models/<service>/words.txt, one a line. */
struct sample_words {
    struct buf text;
    struct str *words;
    size_t count;
};

/* False with a line in `mistakes` when the file cannot be read or has no word. */
bool sample_words_load(struct sample_words *words, const char *folder, const char *service,
                       struct buf *mistakes) must_check;
void sample_words_free(struct sample_words *words);

/* Does any field say how many words it wants? */
bool sample_is_wanted(const struct collection *collection);

/* The record's id, and its fields as a JSON object, which the caller frees. */
struct json *sample_make(const struct collection *collection, const struct sample_words *words,
                         uint64_t number, struct uuid *id_out);

#endif
