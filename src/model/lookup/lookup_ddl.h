/* Columns and indexes by which the records of a collection are looked up.
 *
 *   <field>  its value, generated     .filter  (<field>, newest first)
 *   words.   what q= searches         .sort    (<field>, id)
 *                                     .like    trigrams of <field>
 *                                     .unique  <field>, on the write side */
#ifndef MODEL_LOOKUP_LOOKUP_DDL_H
#define MODEL_LOOKUP_LOOKUP_DDL_H

#include "model/ddl.h"

/* Appends what text search needs, once for a database, where any collection has it. */
void lookup_ddl_write_search(const struct model *model, struct buf *out);

/* Appends columns and indexes of a table that is there, and drops the indexes of rules that were
 * taken out of the model. */
void lookup_ddl_write(const struct collection *collection, enum ddl_side side, struct buf *out);

/* Appends `text` as an SQL literal. */
void lookup_ddl_write_literal(struct str text, struct buf *out);

#endif
