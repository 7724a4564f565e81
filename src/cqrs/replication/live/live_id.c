#include "cqrs/replication/live/live_id.h"

bool live_id_parse(struct str id, struct position *position, struct str *epoch)
{
    *epoch = id;
    struct str place = str_cut(epoch, '@');
    bool is_epoch = epoch->len > 0 && epoch->len < LIVE_EPOCH_SIZE;
    for (size_t i = 0; is_epoch && i < epoch->len; i++)
        is_epoch = str_hex_digit(epoch->ptr[i]) >= 0 || epoch->ptr[i] == '-';
    return is_epoch && position_parse(place, position);
}
